"""The figures of a network's inside show the numbers that are there, where they belong."""

import io
import re
from itertools import pairwise

import numpy as np
import pytest

import minicnn as mc
from minicnn import metrics, viz
from minicnn.viz.evidence import lit

RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (5, 20, 20, 3), dtype=np.uint8)


def network():
    return mc.Sequential(
        [
            mc.Conv2D(4, 3, activation="relu"),
            mc.MaxPool2D(2),
            mc.Residual(mc.Conv2D(4, 3, padding="same", activation="relu")),
            mc.Flatten(),
            mc.Dense(6, activation="relu"),
            mc.Dense(1, activation="sigmoid"),
        ],
        input_shape=(20, 20, 3),
        seed=3,
    )


def rendered(figure, dpi=60):
    """The figure as pixels."""
    from PIL import Image

    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=dpi, facecolor="white")
    return np.asarray(Image.open(file).convert("RGB")).astype(int)


def texts(axes_or_figure):
    return [text.get_text() for text in axes_or_figure.texts]


def colours_of(lines):
    from matplotlib.colors import to_rgb

    return [to_rgb(line.get_color()) for line in lines]


# ---- filters -------------------------------------------------------------------------------------


def test_a_red_filter_looks_red_and_its_channels_stand_below():
    layer = network()["conv2d_1"]
    layer.params["W"][...] = 0
    layer.params["W"][..., 0, 1] = 0.2  # filter 1 adds what is red
    layer.params["W"][..., 2, 2] = -0.1  # filter 2 takes away what is blue
    figure = viz.filters(layer)
    (axes,) = figure.axes
    image = np.asarray(axes.images[0].get_array())
    assert image[0, 0] == pytest.approx([0.5, 0.5, 0.5])  # a filter of zeros: middle grey
    assert image[0, 4] == pytest.approx([1, 0.5, 0.5])
    assert image[0, 8] == pytest.approx([0.5, 0.5, 0])
    assert image[4::4, 4].tolist() == [[1, 1, 1], [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["in colour", "red", "green", "blue"]
    pixels = rendered(figure)
    assert (np.abs(pixels - [255, 128, 128]).sum(axis=-1) < 12).sum() > 100


def test_other_filters_are_a_table_of_kernels():
    layer = mc.Conv2D(5, (2, 3))
    layer.build((8, 8, 4), RNG)
    (axes,) = viz.filters(layer, count=3).axes
    image = np.asarray(axes.images[0].get_array())
    assert image.shape == (3 * 3 - 1, 4 * 4 - 1)
    W = layer.params["W"]
    for f in range(3):
        for c in range(4):
            tile = image[3 * f : 3 * f + 2, 4 * c : 4 * c + 3]
            expected = 0.5 + 0.5 * W[:, :, c, f] / np.abs(W[..., f]).max()
            np.testing.assert_allclose(tile, expected, rtol=1e-6)
    with pytest.raises(mc.ConfigError, match=r"expected a built Conv2D, got .*; give model\["):
        viz.filters(mc.Dense(3))


# ---- feature maps --------------------------------------------------------------------------------


def test_every_layer_is_there_with_its_share_of_zeros():
    model = network()
    figure = viz.feature_maps(model, PICTURES[0])
    outputs = model.layer_outputs(PICTURES[:1])
    paths = ["conv2d_1", "maxpool2d_1", "residual_1/conv2d_1", "residual_1", "dense_1"]
    captions = [text for text in texts(figure) if "zeros" in text]
    assert [caption.split(":")[0] for caption in captions] == paths
    for caption, path in zip(captions, paths, strict=True):
        assert caption.endswith(f"{np.mean(outputs[path] == 0):.0%} zeros")
    assert captions[0].startswith("conv2d_1: 4 maps of 18×18, ")
    assert captions[4].startswith("dense_1: 6 numbers, ")


def test_maps_are_drawn_to_the_scale_of_the_picture():
    figure = viz.feature_maps(network(), PICTURES[0])
    width, height = figure.get_size_inches()
    scales = []
    for axes in figure.axes[:-1]:  # the last one is a row of numbers
        rows, columns = axes.images[0].get_array().shape[:2]
        box = axes.get_position()
        scales += [box.width * width / columns, box.height * height / rows]
        assert box.x0 >= 0 <= box.y0
        assert box.x1 <= 1 + 1e-9 >= box.y1 - 1e-9
    assert scales == pytest.approx([scales[0]] * len(scales))


def test_maps_show_the_numbers_and_do_not_touch():
    model = network()
    figure = viz.feature_maps(model, PICTURES[0])
    maps = model.layer_outputs(PICTURES[:1])["conv2d_1"][0]
    image = np.asarray(figure.axes[1].images[0].get_array())
    np.testing.assert_allclose(image[:, :18], maps[..., 0] / maps[..., 0].max(), rtol=1e-6)
    assert (image[:, 18:20] == 1).all()
    boxes = [axes.get_position() for axes in figure.axes]
    for above, below in pairwise(boxes):
        assert above.y0 > below.y1
    assert (rendered(figure) == 0).all(axis=-1).sum() > 500  # zeros are black
    with pytest.raises(mc.ShapeError, match=r"one picture .*; give x\[0\]"):
        viz.feature_maps(model, PICTURES)


# ---- evidence ------------------------------------------------------------------------------------


def test_a_picture_is_lit_where_the_evidence_lies():
    x = np.full((1, 20, 20, 3), 200, np.uint8)
    found = np.full((1, 20, 20), -1.0)
    found[0, 5:10, 12:17] = 4
    figure = viz.evidence(x, {"a map": found}, ["is cat"])
    left, right = figure.axes
    assert (left.get_title(), right.get_title()) == ("is cat", "a map, at most 4")
    shown = np.asarray(right.images[0].get_array())
    assert shown[7, 14] == pytest.approx([200 / 255] * 3)
    assert shown[0, 0] == pytest.approx([200 / 255 * 0.25] * 3)
    assert len(right.collections) == 2  # a black line and a white one around it
    outline = right.collections[1].get_paths()[0].vertices
    assert outline.min(axis=0) == pytest.approx([11.5, 4.5], abs=0.6)
    assert outline.max(axis=0) == pytest.approx([16.5, 9.5], abs=0.6)
    pixels = rendered(figure)
    pixels = pixels[len(pixels) // 4 :]  # below the titles, whose letters have edges of any grey
    half = pixels.shape[1] // 2
    assert (pixels[:, half:] == 50).all(axis=-1).sum() > 1000  # dark: 200 · 0.25
    assert not (pixels[:, :half] == 50).all(axis=-1).any()


def test_a_map_of_nothing_is_dark_and_has_no_line():
    figure = viz.evidence(PICTURES[:1], {"none": np.zeros((1, 20, 20))})
    assert len(figure.axes[1].collections) == 0
    np.testing.assert_allclose(lit(PICTURES[0] / 255, np.zeros((20, 20))), PICTURES[0] / 255 / 4)
    with pytest.raises(mc.ShapeError, match=r"one for each picture, got .* for 'cam'; give all"):
        viz.evidence(PICTURES, {"cam": np.zeros((1, 20, 20))})


def test_exciting_pieces_are_framed_where_the_filter_has_looked():
    model = network()
    figure = viz.exciting(model, PICTURES, "conv2d_1", filters=(2, 0), count=3)
    for row, number in enumerate((2, 0)):
        found = mc.explain.most_exciting(model, PICTURES, "conv2d_1", number, count=3)
        for axes, i, box, strength in zip(
            figure.axes[3 * row :], found.pictures, found.boxes, found.strengths, strict=False
        ):
            np.testing.assert_array_equal(axes.images[0].get_array(), PICTURES[i])
            assert axes.get_title() == f"{strength:.2g}"
            top, left, bottom, right = box
            frame = axes.patches[-1]
            assert frame.get_xy() == (left - 0.5, top - 0.5)
            assert (frame.get_height(), frame.get_width()) == (bottom - top, right - left)
            assert axes.get_xlim()[0] <= left - 0.5 < right - 0.5 <= axes.get_xlim()[1]
            assert axes.get_ylim()[1] <= top - 0.5 < bottom - 0.5 <= axes.get_ylim()[0]
        assert texts(figure.axes[3 * row]) == [f"filter {number}"]


# ---- predictions ---------------------------------------------------------------------------------

Y = np.array([0, 0, 0, 1, 1, 1, 1, 0])
P = np.array([0.1, 0.2, 0.6, 0.4, 0.7, 0.8, 0.95, 0.3])[:, None]


def line(axes, label):
    (found,) = [line for line in axes.get_lines() if line.get_label() == label]
    return found


def test_least_sure_are_those_nearest_to_the_middle():
    x = np.zeros((8, 5, 5, 3), np.uint8)
    figure = viz.least_sure(x, Y, P, ["cat", "dog"], count=3)
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles[:2] == ["is cat\n60% dog: wrong", "is dog\n60% cat: wrong"]
    assert len(titles) == 3
    with pytest.raises(mc.DataError, match="each of 1 pictures, got 8; give y_pred"):
        viz.least_sure(x[:1], Y, P, ["cat", "dog"])


def test_roc_shows_the_curve_and_where_predictions_stand():
    figure = viz.roc(Y, P)
    (axes,) = figure.axes
    curve = metrics.roc_curve(Y, P)
    np.testing.assert_array_equal(line(axes, "network").get_xdata(), curve.false_positive_rate)
    np.testing.assert_array_equal(line(axes, "network").get_ydata(), curve.true_positive_rate)
    assert line(axes, "threshold ½").get_xydata().tolist() == [[1 / 4, 3 / 4]]
    assert axes.get_title() == f"ROC: area {metrics.auc(Y, P):.3f}"
    assert rendered(figure).std() > 10


def test_an_area_is_not_rounded_to_a_perfect_one():
    y = np.repeat([0, 1], 100)
    p = np.linspace(0, 1, 200)[:, None]
    p[[99, 100]] = p[[100, 99]]  # one pair of 10,000 stands the wrong way round
    assert viz.roc(y, p).axes[0].get_title() == "ROC: area 0.9999"


def test_precision_and_recall_at_one_half_are_those_of_the_table():
    (axes,) = viz.precision_recall(Y, P).axes
    table = metrics.confusion_matrix(Y, P)
    expected = [metrics.recall(table), metrics.precision(table)]
    assert line(axes, "threshold ½").get_xydata()[0] == pytest.approx(expected)
    assert list(line(axes, "guessing").get_ydata()) == [0.5, 0.5]


def test_a_network_that_finds_nothing_stands_at_the_beginning():
    mark = line(viz.roc(Y, P / 2).axes[0], "threshold ½")
    assert mark.get_xydata().tolist() == [[0, 0]]
    labels = [line.get_label() for line in viz.precision_recall(Y, P / 2).axes[0].get_lines()]
    assert "threshold ½" not in labels  # of no finds, none is right and none is wrong


def test_calibration_shows_shares_over_what_was_said():
    figure = viz.calibration(Y, P, bins=4)
    above, below = figure.axes
    found = metrics.calibration(Y, P, bins=4)
    np.testing.assert_array_equal(line(above, "network").get_xdata(), found.predicted)
    np.testing.assert_array_equal(line(above, "network").get_ydata(), found.observed)
    assert [bar.get_height() for bar in below.patches] == found.counts.tolist()


def test_lines_are_told_apart_without_colour():
    axes = [
        viz.roc(Y, P).axes[0],
        viz.precision_recall(Y, P).axes[0],
        viz.calibration(Y, P).axes[0],
    ]
    for lines in (a.get_lines() for a in axes):
        looks = [(line.get_linestyle(), line.get_marker()) for line in lines]
        assert len(set(looks)) == len(looks)


# ---- the network ---------------------------------------------------------------------------------


def test_the_diagram_has_every_layer_its_shape_and_its_parameters():
    model = network()
    figure = viz.diagram(model)
    names, bars, facts = figure.axes
    rows = model.summary(print_fn=None).rows
    for row in rows:
        assert any(text.strip() == f"{row.name} ({row.kind})" for text in texts(names))
        assert "×".join(map(str, row.output_shape)) in texts(facts)
        assert (f"{row.params:,}" if row.params else "–") in texts(facts)
    assert f"{model.count_params():,} parameters" in texts(names)[-1]
    pixels = [-bar.get_width() for bar in bars.patches if bar.get_width() < 0]
    assert pixels == pytest.approx(np.log2([20, 18, 9, 9, 9, 9]))
    inside = [text for text in texts(names) if text.startswith("    ")]
    assert len(inside) == 2  # what is inside the Residual is indented
    assert rendered(figure).std() > 10


def test_gradient_flow_shows_each_layer_from_dark_to_light():
    norms = mc.GradientNorms()
    model = network()
    model.compile("sgd", "binary_crossentropy", gradients=[norms])
    model.fit(PICTURES, np.array([0, 1, 0, 1, 1]), batch_size=2, epochs=2, verbose=0)
    (axes,) = viz.gradient_flow(norms).axes
    lines = axes.get_lines()
    labels = [line.get_label() for line in lines]
    assert labels == ["conv2d_1", "residual_1/conv2d_1", "dense_1", "dense_2"]
    for drawn in lines:
        np.testing.assert_allclose(drawn.get_ydata(), norms.norms[drawn.get_label()])
        assert list(drawn.get_xdata()) == [1, 2, 3, 4, 5, 6]
    lightness = [np.dot(colour, (0.2126, 0.7152, 0.0722)) for colour in colours_of(lines)]
    assert (np.diff(lightness) > 0.1).all()
    assert max(lightness) < 0.62  # a line that is lighter is hard to see on white
    assert len({line.get_linestyle() for line in lines}) == 4
    assert axes.get_yscale() == "log"


def test_a_long_run_is_drawn_by_medians():
    norms = mc.GradientNorms()
    norms.norms["dense_1"] = [1.0, 1.0, 100.0] * 60
    (drawn,) = viz.gradient_flow(norms).axes[0].get_lines()
    assert list(drawn.get_xdata()) == list(range(2, 181, 3))
    assert set(drawn.get_ydata()) == {1.0}
    with pytest.raises(mc.DataError, match="got none; give compile"):
        viz.gradient_flow(mc.GradientNorms())


def test_augmentation_begins_with_the_picture_as_it_is():
    (axes,) = viz.augmentation(PICTURES[:2], "classic", versions=3).axes
    sheet = np.asarray(axes.images[0].get_array())
    np.testing.assert_array_equal(sheet[:20, :20], PICTURES[0])
    np.testing.assert_array_equal(sheet[24:44, :20], PICTURES[1])
    assert not np.array_equal(sheet[:20, 24:44], PICTURES[0])
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels == ["as it is", "epoch 1", "epoch 2", "epoch 3"]


def test_every_figure_is_documented():
    for name in viz.__all__:
        assert re.match(r".+\.", getattr(viz, name).__doc__), name
