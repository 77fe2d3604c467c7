"""The report as text and as a picture."""

import doctest
from pathlib import Path

import pytest

from benchmarks.arena import ratios, report
from benchmarks.arena.ratios import Spread
from benchmarks.arena.report import milliseconds, render, table
from tests.benchmarks.results import run


def test_all_lines_of_a_table_are_equally_long() -> None:
    lines = table(["", "a", "long head"], [["first", "1", "2"], ["x", "1234567", "3"]]).split("\n")
    assert len({len(line) for line in lines}) == 1
    assert all(line.count("|") == 4 for line in lines)


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        table(["a", "b"], [["only one"]])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.1234, "123 (123–123)"), (0.01234, "12.3 (12.3–12.3)"), (0.001234, "1.23 (1.23–1.23)")],
)
def test_three_figures_of_a_time(seconds: float, text: str) -> None:
    assert milliseconds(Spread(seconds, seconds, seconds)) == text


def test_the_report_tells_all_that_was_measured() -> None:
    text = render(run())
    assert "| train / PyTorch    | 0.75 (0.75–0.75) | 0.90 |     0.70 |     goal |" in text
    assert "quiet." in text
    for heading in ("batch 20", "Other work", "by batch", "Peak memory"):
        assert heading in text
    for not_measured in ("by image", "by threads"):
        assert not_measured not in text


def test_who_stayed_away_from_a_size_shows_a_dash() -> None:
    growth = render(run()).partition("network by batch")[2]
    (alone,) = [line for line in growth.splitlines() if "train, batch 1 " in line]
    (without,) = [line for line in growth.splitlines() if "train, batch 20 " in line]
    assert "–" not in alone.replace("(", " ").split()
    assert "–" in without.split()


def test_the_breakdown_gives_medians_and_shares() -> None:
    part = render(run()).partition("Where minicnn's time goes: mission 20, train")[2]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in part.splitlines()[2:6]]
    assert ["conv2d_1", "10.00", "20.00", "75%"] in rows
    assert ["everything else", "10.00", "0.00", "25%"] in rows


def test_a_restless_machine_is_called_so() -> None:
    results = run()
    results["headline"][0]["outside_cpu_seconds"] = 5.0
    assert "NOT QUIET" in render(results)


def test_the_plot_is_drawn(tmp_path: Path) -> None:
    from benchmarks.arena.plots import draw

    path = tmp_path / "results.svg"
    draw(run(), path)
    picture = path.read_text(encoding="utf-8")
    for word in ("minicnn", "keras-graph", "images in a batch"):
        assert word in picture
    assert "pixels a side" not in picture  # nothing was measured by image


def test_the_examples_in_the_docstrings() -> None:
    assert doctest.testmod(ratios) == (0, 1)
    assert doctest.testmod(report) == (0, 1)
