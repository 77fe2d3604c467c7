"""The charts show the numbers that are there, where they belong."""

import math
import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minicnn.report.chart import Axes, Chart, Line, label_of, ticks, whole_ticks
from minicnn.report.page import STYLE
from tests.report.reading import Page

numbers = st.floats(-1e12, 1e12, allow_subnormal=False).filter(lambda v: v == 0 or abs(v) > 1e-12)


@given(numbers, numbers)
def test_ticks_are_round_and_around_everything(a, b):
    low, high = min(a, b), max(a, b)
    steps = ticks(low, high)
    gaps = np.diff(steps)
    assert 2 <= len(steps) <= 8
    assert steps[0] <= low + 1e-6 * gaps[0]
    assert steps[-1] >= high - 1e-6 * gaps[0]
    np.testing.assert_allclose(gaps, gaps[0], rtol=1e-3)
    mantissa = gaps[0] / 10.0 ** math.floor(math.log10(gaps[0] * 1.0001))
    assert min(abs(mantissa - nice) for nice in (1, 2, 2.5, 5, 10)) < 0.01


@given(st.integers(1, 5000), st.integers(0, 5000))
def test_epochs_are_named_at_even_distances(first, more):
    named = whole_ticks(first, first + more)
    assert 1 <= len(named) <= 8
    assert set(named) <= set(range(first, first + more + 1))
    assert len(set(np.diff(named))) <= 1


@given(numbers, numbers)
def test_labels_tell_the_levels_apart(a, b):
    steps = ticks(min(a, b), max(a, b))
    if max(map(abs, steps)) < 50 * np.diff(steps)[0]:
        labels = [label_of(step, steps, percent=False) for step in steps]
        assert len(set(labels)) == len(labels)


@given(st.lists(st.floats(0, 10) | st.just(math.nan) | st.just(math.inf), min_size=1, max_size=50))
def test_every_finite_figure_is_a_point_inside_the_chart(values):
    epochs = list(range(1, len(values) + 1))
    page = Page(Chart(epochs, [Line("x", values)], "words").svg())
    (line,) = page.all("polyline")
    points = [tuple(map(float, p.split(","))) for p in line["points"].split()]
    known = [v for v in values if math.isfinite(v)]
    assert len(points) == len(known)
    assert all(0 <= x <= 460 and 0 <= y <= 270 for x, y in points)
    order = np.argsort(known, kind="stable")  # higher figures stand higher
    assert (np.diff([points[i][1] for i in order]) <= 1e-9).all()


def test_points_say_what_they_are_and_a_mark_shades_what_comes_after():
    lines = [Line("training", [3.0, 2.0, 1.0]), Line("validation", [3.0, 2.5, 2.75], 1)]
    page = Page(Chart([1, 2, 3], lines, "Loss falls.", mark=(2, "lowest: epoch 2")).svg())
    assert page.one("svg")["aria-label"] == "Loss falls."
    titles = [title.text for title in page.all("title")]
    assert titles[:3] == [f"training, epoch {k}: {4 - k}" for k in (1, 2, 3)]
    (mark,) = [e for e in page.all("line") if e["class"] == "mark"]
    (shade,) = [e for e in page.all("rect") if e["class"] == "after"]
    axes = Axes(1, 3, 0, 3)
    assert float(mark["x1"]) == float(shade["x"]) == axes.x(2)
    assert "lowest: epoch 2" in [e.text for e in page.all("text")]
    looks = {e["class"] for e in page.all("polyline")}
    assert looks == {"line look0", "line look1"}
    assert re.search(
        r"\.line\.look1 \{ stroke-dasharray", STYLE.read_text(encoding="utf-8")
    )  # not by colour alone
