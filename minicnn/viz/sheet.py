"""A sheet of pictures with a few lines above each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minicnn.typing import Array
from minicnn.viz.canvas import new_figure, show
from minicnn.viz.lettering import literal, wrapped

ACROSS = 29  # signs that stand above a picture in one line
LINE = 0.18  # inches


def sheet(pictures: Array, titles: Sequence[str], columns: int = 4) -> Any:
    """The pictures row by row; places that are left over stay white."""
    rows = max(-(-len(pictures) // columns), 1)
    titles = [wrapped(title, ACROSS) for title in titles]
    more = max((title.count("\n") - 1 for title in titles), default=0)  # lines than two
    figure = new_figure(2.2 * columns, (2.5 + LINE * max(more, 0)) * rows)
    for axes in figure.subplots(rows, columns, squeeze=False).flat:
        axes.axis("off")
    for axes, picture, title in zip(figure.axes, pictures, titles, strict=False):
        show(axes, picture)
        axes.set_anchor("S")  # all room that is left is above, for the lines
        axes.set_title(literal(title), fontsize=9)
    return figure
