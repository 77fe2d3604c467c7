"""What was taken for what (floor 8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minicnn.typing import Array
from minicnn.viz.canvas import new_figure


def confusion(table: Array, classes: Sequence[str]) -> Any:
    """A confusion matrix as a figure: counts, shaded by their share of the true class."""
    shares = table / table.sum(axis=1, keepdims=True).clip(min=1)
    figure = new_figure(1.6 + 0.9 * len(classes), 1.4 + 0.9 * len(classes))
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    places = range(len(classes))
    axes.set_xticks(places, classes)
    axes.set_yticks(places, classes)
    axes.set(xlabel="taken for", ylabel="is")
    for row in places:
        for column in places:
            share = shares[row, column]
            axes.text(
                column, row, f"{table[row, column]:,}\n{share:.0%}",
                ha="center", va="center", color="white" if share > 0.5 else "black",
            )  # fmt: skip
    return figure
