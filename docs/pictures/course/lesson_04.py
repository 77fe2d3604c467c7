"""Draw the pictures of lesson 4: ``python docs/pictures/course/lesson_04.py``."""

from typing import Any

import numpy as np
from cells import INK, frame, keep, numbers, sign

from minicnn.backends import Window, ops_for
from minicnn.viz.canvas import BLUE, ORANGE, new_figure

PICTURE = np.array([[1.0, 0, 2, 1], [0, 3, 1, 0], [2, 1, 0, 1]])
FILTERS = np.array([[1.0, 1], [0, -1], [0, 1], [1, -1]])
WINDOW = Window.fit((3, 4), (2, 2))
CHOSEN = 1  # the window that is framed


def main() -> None:
    """All three."""
    keep(product(), "04-im2col")
    keep(memory(), "04-memory")
    keep(copies(), "04-copies")


def im2col(x: np.ndarray) -> np.ndarray:
    """The rows of windows, (6, 4)."""
    return ops_for(x).im2col(x[None, :, :, None], WINDOW).reshape(6, 4)


def product() -> Any:
    """A picture, its windows as rows, the filters as columns, and the product of the two."""
    cols = im2col(PICTURE)
    figure = new_figure(6.6, 2.95, layout=None)
    axes = figure.add_axes((0.0, 0.2, 0.29, 0.5))
    numbers(axes, PICTURE, -1, 4, size=14)
    frame(axes, 0, CHOSEN, 2, 2, ORANGE)
    axes = figure.add_axes((0.37, 0.02, 0.25, 0.84))
    numbers(axes, cols, -1, 4, size=14)
    frame(axes, CHOSEN, 0, 1, 4, ORANGE)
    axes = figure.add_axes((0.68, 0.16, 0.12, 0.56))
    numbers(axes, FILTERS, -1.5, 1.5, size=14)
    frame(axes, 0, 0, 4, 1, INK, lw=2.5)
    axes = figure.add_axes((0.87, 0.02, 0.125, 0.84))
    numbers(axes, cols @ FILTERS, -5, 6, size=14)
    frame(axes, CHOSEN, 0, 1, 1, BLUE)
    for x, y, text in (
        (0.145, 0.93, "picture"),
        (0.495, 0.93, "windows as rows"),
        (0.74, 0.93, "filters"),
        (0.932, 0.93, "maps"),
    ):
        sign(figure, x, y, text, 13)
    for x, text in ((0.33, "→"), (0.65, "·"), (0.837, "=")):
        sign(figure, x, 0.44, text)
    return figure


def memory() -> Any:
    """The picture as it lies in memory, and the cells of the framed window in it."""
    figure = new_figure(6.6, 1.6, layout=None)
    axes = figure.add_axes((0.01, 0.12, 0.98, 0.8))
    axes.axis("off")
    axes.set(xlim=(-0.6, 11.6), ylim=(1.3, -1.1), aspect="equal")
    from matplotlib.patches import Rectangle

    window = {1, 2, 5, 6}
    for place, value in enumerate(PICTURE.ravel()):
        colour = "#f6d48f" if place in window else "#eeeeee"
        axes.add_patch(Rectangle((place - 0.5, -0.5), 1, 1, fc=colour, ec="#777777", lw=0.8))
        axes.text(place, 0, f"{value:g}", size=14, ha="center", va="center")
    for row in range(3):
        axes.text(4 * row + 1.5, -0.85, f"row {row}", size=12, color=INK, ha="center", va="center")
        if row:
            axes.plot([4 * row - 0.5] * 2, [-0.8, 0.6], color=INK, lw=2)
    for first in (1, 5):
        frame(axes, 0, first, 1, 2, ORANGE)
    arrow = {"arrowstyle": "->", "color": INK, "lw": 1.5}
    axes.annotate(
        "", (5, 0.62), (1, 0.62), arrowprops={**arrow, "connectionstyle": "arc3,rad=0.18"}
    )
    axes.text(3, 1.42, "one row down: 4 numbers on", size=12, color=INK, ha="center", va="center")
    return figure


def copies() -> Any:
    """im2col as a table of zeros and ones, and as its mirror image col2im."""
    each = np.eye(12).reshape(12, 3, 4)
    table = np.stack([im2col(x).ravel() for x in each], axis=1)  # (24, 12)
    figure = new_figure(6.6, 4.7, layout=None)
    for place, shown, across, down, title in (
        ((0.08, 0.05, 0.34, 0.82), table, "12 cells", "24 numbers in rows", "im2col"),
        ((0.5, 0.26, 0.5, 0.4), table.T, "24 numbers in rows", "12 cells", "col2im"),
    ):
        axes = figure.add_axes(place)
        axes.imshow(shown, cmap="gray_r", vmin=0, vmax=1.2, interpolation="nearest")
        axes.set_xticks(np.arange(-0.5, shown.shape[1]), [])
        axes.set_yticks(np.arange(-0.5, shown.shape[0]), [])
        axes.grid(color="#cccccc", lw=0.6)
        axes.tick_params(length=0)
        axes.set_title(title, size=14, color=INK, pad=24)
        axes.text(0.5, 1.03, across, size=11, transform=axes.transAxes, ha="center", color=INK)
        axes.set_ylabel(down, size=11, color=INK)
    return figure


if __name__ == "__main__":
    main()
