"""A network as a picture: what each layer gives, and what it costs."""

from __future__ import annotations

import math
from typing import Any

from minicnn.model import Sequential
from minicnn.typing import Shape
from minicnn.viz.canvas import BLUE, ORANGE, new_figure
from minicnn.viz.lettering import literal


def diagram(model: Sequential) -> Any:
    """A line for each layer, from the input down: pixels across to the left, kinds to the right.

    Both bars are drawn by the logarithm, so a pool that halves the side shortens the left one by
    the same piece each time. The numbers are those of ``model.summary``.
    """
    table = model.summary(print_fn=None)
    lines = [("input", "", table.input_shape, 0, 0)]
    lines += [(r.name, r.kind, r.output_shape, r.params, r.depth) for r in table.rows]
    figure = new_figure(9, 0.7 + 0.3 * len(lines))
    names, bars, facts = figure.subplots(1, 3, sharey=True, width_ratios=[2.2, 3, 2.2])
    for y, (name, kind, shape, params, depth) in enumerate(lines):
        pixels, kinds = _sizes(shape)
        bars.barh(y, -math.log2(pixels), color=BLUE, height=0.7)
        bars.barh(y, math.log2(kinds) + 0.15, color=ORANGE, height=0.7, hatch="//", ec="white")
        bars.text(-math.log2(pixels) - 0.2, y, f"{pixels:,}", ha="right", va="center", fontsize=8)
        bars.text(math.log2(kinds) + 0.35, y, f"{kinds:,}", ha="left", va="center", fontsize=8)
        label = f"{'    ' * depth}{literal(name)}" + (f" ({kind})" if kind else "")
        names.text(0, y, label, va="center", fontsize=9)
        facts.text(0, y, "×".join(map(str, shape)), va="center", fontsize=9)
        facts.text(1, y, f"{params:,}" if params else "–", ha="right", va="center", fontsize=9)
    widest = max(math.log2(max(_sizes(line[2]))) for line in lines) + 3
    bars.set(xlim=(-widest, widest), ylim=(len(lines) - 0.4, -1.4))
    bars.text(-0.2, -1, "pixels across", ha="right", va="center", fontsize=9, color=BLUE)
    bars.text(0.2, -1, "kinds (maps)", ha="left", va="center", fontsize=9)
    title = f"{literal(table.title)}: {table.total:,} parameters"
    names.text(0, -1, title, va="center", weight="bold", fontsize=9)
    facts.text(0, -1, "output", va="center", fontsize=9)
    facts.text(1, -1, "parameters", ha="right", va="center", fontsize=9)
    for axes in figure.axes:
        axes.axis("off")
    return figure


def _sizes(shape: Shape) -> tuple[int, int]:
    """Pixels across and kinds of what a layer gives; numbers in a row are kinds of one pixel."""
    return (shape[0], shape[-1]) if len(shape) == 3 else (1, math.prod(shape))
