"""Names that somebody else has chosen stand in a figure as they are, and can be read."""

import io
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn import viz
from minicnn.explain import Movement
from minicnn.training import History
from minicnn.viz.canvas import ink_on, new_figure
from minicnn.viz.lettering import literal, wrapped
from tests.effort import examples

NASTY = ["_<b>$x$ & y", r"$\al$ 50 %"]  # the second one is no mathematics that anybody knows
X = np.random.default_rng(0).integers(0, 256, (6, 10, 10, 3), dtype=np.uint8)
Y = np.array([0, 1, 0, 1, 0, 1])
P = np.linspace(0.1, 0.95, 6)[:, None]


def written(figure):
    """All that is written on a figure, as a reader of it sees it."""
    import matplotlib

    file = io.BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        figure.savefig(file, format="svg")
    file.seek(0)
    return ["".join(e.itertext()) for e in ElementTree.parse(file).iter() if e.tag.endswith("text")]


# ---- literally ---------------------------------------------------------------------------------


@examples(40)
@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=12)
       | st.text("$\\_{}^ ax", min_size=1, max_size=8))  # fmt: skip
def test_any_name_is_drawn_as_it_is(name):
    figure = new_figure(2, 1)
    figure.text(0.1, 0.5, literal(f"is {name}:"))
    assert written(figure) == [f"is {name}:"]


def test_what_nobody_could_see_is_written_out():
    assert literal("cat\x1b[31m\u202e\udcff\n.jpg") == "cat\\x1b[31m\\u202e\\udcff\n.jpg"


def network(names=("edges", "maps")):
    layers = [mc.Conv2D(2, 3, name=names[0]), mc.Flatten(), mc.Dense(1, name=names[1])]
    return mc.Sequential(layers, input_shape=(10, 10, 3), name=names[0], seed=0)


def _gradient_flow():
    norms = mc.GradientNorms()
    norms.norms |= {name: [1.0, 2.0] for name in NASTY}
    return viz.gradient_flow(norms)


def _curves():
    history = History()
    for epoch in range(2):
        history.add(epoch, dict.fromkeys(NASTY, 0.5))
    return viz.curves(history)


def _invariance():
    movement = Movement("times", np.array([0.5, 1.0]), 1.0, Y, np.ones((2, 6)))
    return viz.invariance({"scale": movement}, NASTY)


FIGURES = {
    "average_colour": lambda: viz.average_colour(X[:2].reshape(1, 2, 10, 10, 3), NASTY, [NASTY]),
    "colour_clouds": lambda: viz.colour_clouds(
        np.stack([X[0] // 2, X[0]]), Y[:2], NASTY, dict.fromkeys(NASTY, X)
    ),
    "confusion": lambda: viz.confusion(mc.metrics.confusion_matrix(Y, P), NASTY),
    "curves": _curves,
    "diagram": lambda: viz.diagram(network(NASTY)),
    "evidence": lambda: viz.evidence(X[:2], dict.fromkeys(NASTY, X[:2, ..., 0]), NASTY),
    "exciting": lambda: viz.exciting(network(NASTY), X, NASTY[0], [0], 2),
    "feature_maps": lambda: viz.feature_maps(network(NASTY), X[0]),
    "filters": lambda: viz.filters(network(NASTY).layers[0]),
    "gradient_flow": _gradient_flow,
    "invariance": _invariance,
    "least_sure": lambda: viz.least_sure(X, Y, P, NASTY),
    "mistakes": lambda: viz.mistakes(X, Y, 1 - P, NASTY),
    "nuisances": lambda: viz.nuisances([0, 1], {n: {n: [1, 1]} for n in NASTY}),
}
HAS_NO_NAMES = {"augmentation", "calibration", "learning_rates", "precision_recall", "roc"}


@pytest.mark.parametrize("kind", sorted(FIGURES))
def test_every_figure_shows_names_as_they_are(kind):
    said = written(FIGURES[kind]())
    for name in NASTY[:1] if kind in ("exciting", "filters", "feature_maps") else NASTY:
        assert any(name in text for text in said), (name, said)


def test_no_figure_is_forgotten():
    assert FIGURES.keys() | HAS_NO_NAMES == set(viz.__all__)


def test_a_legend_has_names_that_begin_with_an_underscore():
    for kind in ("gradient_flow", "invariance", "nuisances"):
        (box,) = [axes.get_legend() for axes in FIGURES[kind]().axes if axes.get_legend()]
        shown = [text.get_text() for text in box.get_texts()]
        assert set(shown) <= {literal(name) for name in NASTY}
        assert shown[0] == literal(NASTY[0])


# ---- in lines that fit -------------------------------------------------------------------------

LONG = [f"Staffordshire bull terrier crossed with something, number {k}" for k in range(2)]


@given(st.text("ab _$", max_size=80), st.integers(5, 30), st.integers(1, 4))
def test_no_line_is_too_long_and_none_is_too_many(text, width, most):
    lines = wrapped(text, width, most).split("\n")
    assert len(lines) <= most
    assert all(len(line) <= width for line in lines)
    if len(text.split()) and len(text) <= width:
        assert lines == [text.rstrip()] or lines == [text.strip()]


def test_long_names_stay_on_the_sheet_and_off_each_other():
    figure = viz.mistakes(X, Y, 1 - P, LONG)
    figure.draw_without_rendering()
    titles = [axes.title for axes in figure.axes if axes.get_title()]
    assert len(titles) > 3
    boxes = [title.get_window_extent() for title in titles]
    for k, box in enumerate(boxes):
        assert "…" not in titles[k].get_text()
        assert 0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert 0 <= box.y0 < box.y1 <= figure.bbox.y1
        assert not any(box.overlaps(other) for other in boxes[:k])


def test_long_names_stay_beside_the_confusion_matrix():
    figure = viz.confusion(np.array([[3, 1], [0, 2]]), LONG)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    below, beside = ([t.get_window_extent() for t in side.get_ticklabels()]
                     for side in (axes.xaxis, axes.yaxis))  # fmt: skip
    for first, second in (below, beside):
        assert not first.overlaps(second)
        assert min(first.x0, first.y0, second.x0, second.y0) >= 0
    assert axes.get_window_extent().width > 0.25 * figure.bbox.width


# ---- on any shade ------------------------------------------------------------------------------


def contrast(colour, ink):
    """As the web's guidelines (WCAG 2) define it."""
    lights = []
    for rgb in (colour, (0, 0, 0) if ink == "black" else (1, 1, 1)):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
        lights.append(np.dot(linear, (0.2126, 0.7152, 0.0722)) + 0.05)
    return max(lights) / min(lights)


@given(st.tuples(*[st.floats(0, 1)] * 3))
def test_what_is_written_on_a_colour_can_be_read(colour):
    assert contrast(colour, ink_on(colour)) >= 4.5


def test_counts_can_be_read_on_every_shade():
    from matplotlib import colormaps
    from matplotlib.colors import to_rgb

    for hits in range(0, 101, 10):
        figure = viz.confusion(np.array([[hits, 100 - hits], [1, 1]]), ["a", "b"])
        text = figure.axes[0].texts[0]
        ground = colormaps["Blues"](hits / 100)[:3]
        assert contrast(ground, "black" if to_rgb(text.get_color())[0] == 0 else "white") >= 4.5
