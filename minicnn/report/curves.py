"""How training went: the curves, what they say in words, and the numbers behind them."""

from __future__ import annotations

import math

from minicnn.report.chart import Chart, Line
from minicnn.report.markup import Html, join, table, tag
from minicnn.report.story import Story
from minicnn.report.words import OF_ONE, figure

READ = (
    "Training (solid, round points) is what the network learns from; validation (dashed, square "
    "points) it never learns from. "
)


def curves(story: Story) -> Html:
    """A chart for each figure, and for the learning rate if it moved."""
    series = story.series()
    if not series:
        return tag("p", "There will be curves after the first epoch.", class_="note")
    epochs = [epoch + 1 for epoch in story.history.epochs]
    best = best_epoch(series)
    parts = [_of(name, series, epochs, best) for name in series if not name.startswith("val_")]
    rates = [story.rates.get(e, math.nan) for e in story.history.epochs]
    if len({rate for rate in rates if math.isfinite(rate)}) > 1:
        parts.append(_of("learning rate", {"learning rate": rates}, epochs, None))
    return join([tag("div", *parts, class_="charts"), _numbers(story, epochs, rates)])


def best_epoch(series: dict[str, list[float]]) -> int | None:
    """Where the validation loss is lowest, counted from 0 within the series."""
    losses = series.get("val_loss", [])
    known = [k for k, loss in enumerate(losses) if math.isfinite(loss)]
    return min(known, key=lambda k: losses[k]) if known else None


def _of(name: str, series: dict[str, list[float]], epochs: list[int], best: int | None) -> Html:
    lines = [Line("training" if name != "learning rate" else name, series[name], 0)]
    if f"val_{name}" in series:
        lines.append(Line("validation", series[f"val_{name}"], 1))
    words = f"{name.capitalize()} over {len(epochs)} epochs. " + " ".join(
        _course(name, line, epochs) for line in lines
    )
    mark = None
    if best is not None and len(epochs) > 1:
        mark = epochs[best], f"lowest validation loss: epoch {epochs[best]}"
        words += f" The validation loss is lowest in epoch {epochs[best]}."
    shares = [v for line in lines for v in line.values if math.isfinite(v)]
    in_percent = name.endswith(OF_ONE) and all(0 <= v <= 1 for v in shares)
    chart = Chart(epochs, lines, words, mark, percent=in_percent)
    legend = tag("ul", *(_entry(name, line) for line in lines), class_="legend")
    return tag("figure", tag("figcaption", tag("h3", name), legend), chart.svg(), class_="card")


def _course(name: str, line: Line, epochs: list[int]) -> str:
    first, last = (figure(name, line.values[k]) for k in (0, -1))
    if len(epochs) == 1:
        return f"{line.name.capitalize()}: {last}."
    return f"{line.name.capitalize()}: from {first} in epoch {epochs[0]} to {last} in {epochs[-1]}."


def _entry(name: str, line: Line) -> Html:
    sample = tag(
        "svg", tag("line", class_=f"line look{line.look}", x1=0, x2=26, y1=6, y2=6),
        tag("circle", class_="point look0", cx=13, cy=6, r=3.5) if line.look == 0 else
        tag("rect", class_="point look1", x=9.8, y=2.8, width=6.4, height=6.4),
        viewBox="0 0 26 12", width=26, height=12, aria_hidden="true",
    )  # fmt: skip
    return tag("li", sample, " ", line.name, " ", tag("b", figure(name, line.values[-1])))


def reading(story: Story) -> str:
    """How to read the curves, and what these say."""
    series = story.series()
    best = best_epoch(series)
    if best is None and series.get("val_loss"):
        return f"{READ}The validation loss has never been a number. A lower learning rate may help."
    if best is None:
        return (
            "Loss should fall and accuracy rise. Without validation data nobody knows whether the "
            "network learns the matter or learns its samples by heart."
        )
    last, losses = len(story.history.epochs) - 1, series["val_loss"]
    if last == 0:
        return READ + "After one epoch there is no course to be seen yet."
    if best == last:
        return READ + "The validation loss was still falling at the end: more epochs may help."
    if not math.isfinite(losses[last]):
        return (
            f"{READ}The validation loss is no number any more. It was lowest in epoch "
            f"{story.history.epochs[best] + 1} (dotted line). A lower learning rate may help."
        )
    rise = losses[last] / losses[best] - 1 if losses[best] > 0 else 0.0
    since = f"rose by {rise:.0%}".replace("%", " %") if rise >= 0.005 else "hardly moved"
    return (
        f"{READ}The dotted line marks where the validation loss is lowest, epoch "
        f"{story.history.epochs[best] + 1}; since then it {since}. To its right (shaded) the "
        f"network gets better on what it has seen, but no better on what is new."
    )


def _numbers(story: Story, epochs: list[int], rates: list[float]) -> Html:
    series = story.series()
    head = ["epoch", *(name.replace("val_", "validation ") for name in series), "learning rate"]
    rows = [
        [f"{epoch:,}", *(figure(name, series[name][k]) for name in series),
         f"{rates[k]:.3g}" if math.isfinite(rates[k]) else "–"]
        for k, epoch in enumerate(epochs)
    ]  # fmt: skip
    return tag(
        "details", tag("summary", "The numbers behind the curves"),
        table("Every epoch in numbers", head, rows, class_="numbers"),
    )  # fmt: skip
