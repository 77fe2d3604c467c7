"""What was taken for what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minicnn.errors import DataError
from minicnn.typing import Array
from minicnn.viz.canvas import ink_on, new_figure
from minicnn.viz.lettering import literal, percent, wrapped

CELL = 0.9  # inches
LETTER = 0.08  # inches: the width of a sign
UPRIGHT = 10  # signs: longer names don't fit below a cell, and are turned
LINE = 20  # signs of a long name in one line


def confusion(table: Array, classes: Sequence[str]) -> Any:
    """A confusion matrix as a figure: counts, shaded by their share of the true class."""
    if table.shape != (len(classes), len(classes)):
        raise DataError(
            f"confusion: expected a table with a row and a column for each of {len(classes)} "
            f"classes, got shape {table.shape}; give mc.metrics.confusion_matrix(y, p)"
        )
    from matplotlib import colormaps

    shades = colormaps["Blues"]
    shares = table / table.sum(axis=1, keepdims=True).clip(min=1)
    names = [wrapped(name, LINE) for name in classes]
    longest = max(len(line) for name in names for line in name.split("\n"))
    turned = longest > UPRIGHT
    side, beside = CELL * len(classes), LETTER * longest
    figure = new_figure(1.3 + side + beside, 0.9 + side + (beside if turned else 0.5))
    axes = figure.subplots()
    axes.imshow(shares, cmap=shades, vmin=0, vmax=1)
    places = range(len(classes))
    labels = [literal(name) for name in names]
    axes.set_xticks(places, labels, rotation=90 if turned else 0)
    axes.set_yticks(places, labels)
    axes.set(xlabel="taken for", ylabel="is")
    for row in places:
        for column in places:
            share = shares[row, column]
            axes.text(
                column, row, f"{table[row, column]:,}\n{percent(share)}",
                ha="center", va="center", color=ink_on(shades(share)),
            )  # fmt: skip
    return figure
