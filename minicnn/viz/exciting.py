"""The pictures that excite a filter most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minicnn.explain import most_exciting
from minicnn.model import Sequential
from minicnn.typing import Array
from minicnn.viz.canvas import new_figure, show
from minicnn.viz.lettering import literal

MARGIN = 1.0  # around the box, in boxes


def exciting(
    model: Sequential, x: Array, layer: str, filters: Sequence[int] = (0, 1, 2, 3), count: int = 8
) -> Any:
    """A row for each filter: the pieces of pictures that excite it most, the strongest first.

    The frame holds what the filter has seen; around it is as much again, to know the place.
    """
    figure = new_figure(1.25 * count + 0.6, 1.35 * len(filters) + 0.4)
    rows = figure.subplots(len(filters), count, squeeze=False)
    for number, row in zip(filters, rows, strict=True):
        found = most_exciting(model, x, layer, number, count)
        for axes in row:
            axes.axis("off")
        for axes, i, box, strength in zip(
            row, found.pictures, found.boxes.tolist(), found.strengths, strict=False
        ):
            _piece(axes, x[i], box)
            axes.set_title(f"{strength:.2g}", fontsize=8)
        row[0].text(
            -0.12, 0.5, f"filter {number}", rotation=90, ha="right", va="center", fontsize=8,
            transform=row[0].transAxes,
        )  # fmt: skip
    figure.suptitle(f"what excites {literal(layer)} most", fontsize=10)
    return figure


def _piece(axes: Any, picture: Array, box: list[int]) -> None:
    """The surroundings of a box, and a frame around it: white on black, seen on any ground."""
    from matplotlib.patches import Rectangle

    H, W, _ = picture.shape
    top, left, bottom, right = box
    down, across = int(MARGIN * (bottom - top)), int(MARGIN * (right - left))
    show(axes, picture)
    axes.set_xlim(max(left - across, 0) - 0.5, min(right + across, W) - 0.5)
    axes.set_ylim(min(bottom + down, H) - 0.5, max(top - down, 0) - 0.5)
    for width, colour in ((2.5, "black"), (1.0, "white")):
        corner = (left - 0.5, top - 0.5)
        axes.add_patch(
            Rectangle(corner, right - left, bottom - top, fill=False, ec=colour, lw=width)
        )
