"""What the pictures of lessons 1 to 5 share: numbers in cells, frames and signs."""

from typing import Any

import numpy as np
from paper import INK, keep

__all__ = ["INK", "frame", "grid", "keep", "numbers", "sign"]


def numbers(
    axes: Any,
    values: Any,
    darkest: float | None = None,
    brightest: float | None = None,
    size: float = 12,
    form: str = "{:g}",
) -> None:
    """A table of numbers, each on a cell of its own shade; ``darkest`` is black."""
    values = np.asarray(values, float)
    low = values.min() if darkest is None else darkest
    high = values.max() if brightest is None else brightest
    shade = np.clip((values - low) / ((high - low) or 1), 0, 1)
    axes.imshow(shade, cmap="gray", vmin=0, vmax=1)
    for (row, column), value in np.ndenumerate(values):
        colour = "white" if shade[row, column] < 0.45 else "black"
        text = form.format(value).replace("-", "−")
        axes.text(column, row, text, color=colour, size=size, ha="center", va="center")
    grid(axes, *values.shape)


def grid(axes: Any, rows: int, columns: int) -> None:
    """Lines between the cells, and none of what a plot has around it."""
    for row in range(rows + 1):
        axes.plot([-0.5, columns - 0.5], [row - 0.5, row - 0.5], color="#777777", lw=0.8)
    for column in range(columns + 1):
        axes.plot([column - 0.5, column - 0.5], [-0.5, rows - 0.5], color="#777777", lw=0.8)
    axes.set(xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.6), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def frame(
    axes: Any, top: float, left: float, height: float, width: float, colour: str, **options: Any
) -> None:
    """A frame around cells, row ``top`` and column ``left`` first."""
    from matplotlib.patches import Rectangle

    options = {"lw": 3.5, "zorder": 5, **options}
    corner = (left - 0.5, top - 0.5)
    axes.add_patch(Rectangle(corner, width, height, fill=False, ec=colour, **options))


def sign(figure: Any, x: float, y: float, text: str, size: float = 20) -> None:
    """A word or a sign between two tables, in the figure's coordinates."""
    figure.text(x, y, text, size=size, ha="center", va="center", color=INK)
