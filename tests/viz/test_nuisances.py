"""The figures of nuisances, average colours and invariance show the numbers they were given."""

import numpy as np
import pytest

import minicnn as mc
from minicnn import viz
from minicnn.explain import Movement
from tests.viz.rendering import rendered

RNG = np.random.default_rng(0)


def lines_of(axes):
    return {line.get_label(): line for line in axes.get_lines() if line.get_label()[0] != "_"}


# ---- average colours -----------------------------------------------------------------------------


def plain(*colours):
    return np.stack([np.full((10, 10, 3), colour, np.uint8) for colour in colours])


def test_below_each_picture_lies_its_average_colour():
    pictures = RNG.integers(0, 256, (2, 3, 10, 10, 3), dtype=np.uint8)
    captions = [["a", "b", "c"], ["d\nd", "e", "f"]]
    figure = viz.average_colour(pictures, ["one", "two", "three"], captions)
    above = [axes for axes in figure.axes if len(axes.get_images()[0].get_array()) == 10]
    below = [axes for axes in figure.axes if len(axes.get_images()[0].get_array()) == 1]
    assert [axes.get_title() for axes in above] == ["one", "two", "three", "", "", ""]
    assert [axes.get_xlabel() for axes in below] == ["a", "b", "c", "d\nd", "e", "f"]
    for picture, over, under in zip(pictures.reshape(-1, 10, 10, 3), above, below, strict=True):
        np.testing.assert_array_equal(over.images[0].get_array(), picture)
        found = np.asarray(under.images[0].get_array())[0, 0]
        np.testing.assert_allclose(found, picture.mean(axis=(0, 1)) / 255, atol=1e-6)


def test_the_strip_is_seen_in_its_colour():
    half = plain((0, 0, 0))[0]
    half[:5] = (200, 100, 0)
    pixels = rendered(viz.average_colour(half[None, None], ["t"], [["c"]]))
    assert (
        np.abs(pixels - [100, 50, 0]).sum(axis=-1) < 9
    ).sum() > 500  # in no pixel of the picture


def test_captions_that_do_not_fit_are_one_clear_error():
    pictures = plain((1, 2, 3), (4, 5, 6))[None]
    for titles, captions in ((["a"], [["a", "b"]]), (["a", "b"], [["a"]]), (["a", "b"], [])):
        with pytest.raises(
            mc.ShapeError, match=r"a title for each column .* got \(1, 2, 10, 10, 3\)"
        ):
            viz.average_colour(pictures, titles, captions)
    with pytest.raises(mc.ShapeError, match="average_colour: expected pictures"):
        viz.average_colour(pictures[0], ["a", "b"], [["a", "b"]])


def test_clouds_show_classes_and_where_an_animal_goes():
    x, y = plain((10, 0, 60), (20, 0, 60), (10, 0, 20), (20, 0, 20)), np.array([0, 0, 1, 1])
    seen = {
        "light": plain((12, 0, 60), (12, 0, 100), (12, 0, 180)),
        "angle": plain((12, 0, 60), (13, 0, 60)),
    }
    figure = viz.colour_clouds(x, y, ["cat", "dog"], seen)
    (axes,) = figure.axes
    cats, dogs = (cloud.get_offsets() for cloud in axes.collections)
    np.testing.assert_allclose(cats, [[10, 60], [20, 60]])
    np.testing.assert_allclose(dogs, [[10, 20], [20, 20]])
    lines = lines_of(axes)
    assert list(lines) == ["mean of cats", "mean of dogs", "light: moves 2.0", "angle: moves 0.0"]
    np.testing.assert_allclose(lines["mean of dogs"].get_xydata(), [[15, 20]])
    np.testing.assert_allclose(lines["light: moves 2.0"].get_xydata(), [[12, 100], [12, 180]])
    assert len({line.get_marker() for line in lines.values()}) == 4  # told apart without colour
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("average red", "average blue")
    assert rendered(figure).std() > 5


# ---- nuisances turned up ---------------------------------------------------------------------


def test_a_panel_for_each_nuisance_and_a_line_for_each_classifier():
    found = {
        name: {"colour": [0.9, 0.5 + k / 10], "network": [1.0, 0.8]}
        for k, name in enumerate(["light", "scale", "clutter", "occlusion", "variation"])
    }
    figure = viz.nuisances([0, 1], found)
    panels = [axes for axes in figure.axes if axes.get_title()]
    assert [axes.get_title() for axes in panels] == list(found)
    for k, axes in enumerate(panels):
        lines = lines_of(axes)
        assert list(lines["colour"].get_ydata()) == [0.9, 0.5 + k / 10]
        assert list(lines["network"].get_xdata()) == [0, 1]
        assert lines["colour"].get_linestyle() != lines["network"].get_linestyle()
        assert lines["colour"].get_marker() != lines["network"].get_marker()
        bottom, top = axes.get_ylim()
        assert bottom < 0.5 < 1.0 < top
    legends = [axes.get_legend() for axes in figure.axes if axes.get_legend()]
    assert [t.get_text() for t in legends[0].get_texts()] == ["colour", "network"]


def test_the_worst_accuracies_stay_on_the_panel():
    figure = viz.nuisances([0, 1], {"light": {"network": [0.9, 0.1]}})
    assert figure.axes[0].get_ylim()[0] < 0.1


def test_missing_accuracies_are_one_clear_error():
    with pytest.raises(mc.DataError, match=r"each of 3 levels, got \{'network': 2\} under 'light'"):
        viz.nuisances([0, 0.5, 1], {"light": {"network": [1.0, 0.9]}})
    with pytest.raises(mc.DataError, match="expected accuracies of at least one"):
        viz.nuisances([0, 1], {})


def test_nobody_is_left_out_in_silence():
    five = {f"network {k}": [1.0, 0.9] for k in range(5)}
    with pytest.raises(mc.DataError, match="at most 4 classifiers, got 5 under 'light'"):
        viz.nuisances([0, 1], {"light": five})
    x, y = plain((10, 0, 60), (20, 0, 60)), np.array([0, 1])
    with pytest.raises(mc.DataError, match="expected 2 classes and at most 6 nuisances, got 3"):
        viz.colour_clouds(x, y, ["a", "b", "c"], {})
    with pytest.raises(mc.DataError, match="got 2 and 7"):
        viz.colour_clouds(x, y, ["a", "b"], {f"{k}": x for k in range(7)})


def test_distances_between_colours_are_drawn_to_one_scale():
    x, y = plain((10, 0, 60), (20, 0, 20)), np.array([0, 1])
    for seen in (x, x[..., ::-1], x * 3):  # wide, high, and all over the place
        figure = viz.colour_clouds(x, y, ["a", "b"], {"light": seen})
        figure.draw_without_rendering()
        (axes,) = figure.axes
        assert axes.get_aspect() == 1
        for part in (axes.get_legend(), axes.yaxis.label, axes.xaxis.label):
            box = part.get_window_extent()
            assert min(box.x0, box.y0) >= 0
            assert box.x1 <= figure.bbox.x1


# ---- invariance ----------------------------------------------------------------------------------


def movement(leads, unit="times", none=1.0):
    classes = np.array([0, 0, 0, 1])
    return Movement(unit, np.array([0.5, 1.0, 2.0]), none, classes, np.array(leads, float))


def test_shares_and_medians_stand_where_they_belong():
    found = {
        "scale": movement([[-1, -2, 5, 3], [1, 2, 3, 4], [1, -1, 9, -8]]),
        "shift": movement([[1, 1, 1, 1]] * 3, "of the width", 0.0),
    }
    figure = viz.invariance(found, ["cat", "dog"])
    scale, scale_leads, shift, shift_leads = figure.axes
    assert [axes.get_title() for axes in (scale, shift)] == ["scale", "shift"]
    assert (scale.get_xscale(), shift.get_xscale()) == ("log", "linear")
    np.testing.assert_allclose(lines_of(scale)["cat"].get_ydata(), [1 / 3, 1, 2 / 3])
    np.testing.assert_allclose(lines_of(scale)["dog"].get_ydata(), [1, 1, 0])
    np.testing.assert_allclose(lines_of(scale_leads)["cat"].get_ydata(), [-1, 2, 1])
    np.testing.assert_allclose(lines_of(scale_leads)["dog"].get_ydata(), [3, 4, -8])
    assert scale_leads.get_ylim() == shift_leads.get_ylim()  # one scale for all
    assert (scale_leads.get_xlabel(), shift_leads.get_xlabel()) == ("times", "of the width")
    cat, dog = lines_of(shift).values()
    assert cat.get_linestyle() != dog.get_linestyle()
    assert cat.get_marker() != dog.get_marker()


def test_a_picture_is_shown_under_the_least_and_the_most():
    picture = np.full((12, 12, 3), 100, np.uint8)
    found = {"light": movement([[1, 1, 1, 1]] * 3)}
    figure = viz.invariance(found, ["cat", "dog"], picture)
    shown = [axes for axes in figure.axes if axes.get_images()]
    assert [axes.get_title() for axes in shown] == ["0.5", "2"]
    assert [axes.images[0].get_array().max() for axes in shown] == [50, 200]
    pixels = rendered(figure)
    for grey in (50, 200):
        assert (pixels == grey).all(axis=-1).sum() > 300


def test_grey_pictures_are_shown_in_grey():
    picture = np.full((12, 12, 1), 100, np.uint8)
    found = {"light": movement([[1, 1, 1, 1]] * 3), "scale": movement([[1, 1, 1, 1]] * 3)}
    figure = viz.invariance(found, ["cat", "dog"], picture)
    shown = [axes.images[0] for axes in figure.axes if axes.get_images()]
    assert [image.get_array().max() for image in shown] == [50, 200, 100, 100]
    assert {image.get_cmap().name for image in shown} == {"gray"}


def test_many_classes_share_a_line():
    found = {"scale": movement([[-1, -2, 5, 3], [1, 2, 3, 4], [1, -1, 9, -8]])}
    figure = viz.invariance(found, [f"digit {k}" for k in range(10)])
    (name, line), *others = lines_of(figure.axes[0]).items()
    assert (name, others) == ("any of 10 classes", [])
    np.testing.assert_allclose(line.get_ydata(), [0.5, 1, 0.5])


def test_a_class_that_was_never_answered_has_no_line():
    figure = viz.invariance({"scale": movement([[1, 1, 1, 1]] * 3)}, ["cat", "dog", "cow"])
    assert list(lines_of(figure.axes[0])) == ["cat", "dog"]
    with pytest.raises(mc.DataError, match=r"what mc\.explain\.invariance\(model, x\) gives"):
        viz.invariance({}, ["cat"])
