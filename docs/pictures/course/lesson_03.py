"""Draw the pictures of lesson 3: ``python docs/pictures/course/lesson_03.py``."""

from typing import Any

import numpy as np
from cells import INK, frame, keep, numbers, sign

import minicnn as mc
from minicnn.viz.canvas import BLUE, GREY, ORANGE, new_figure

RED = np.array([[2, 3, 3], [1, 9, 8], [1, 9, 9]])
GREEN = np.array([[2, 3, 3], [1, 4, 4], [1, 4, 5]])
BLUES = np.array([[3, 3, 3], [1, 1, 1], [1, 1, 1]])
SHEETS = (np.ones((2, 2)), -np.ones((2, 2)), np.zeros((2, 2)))


def main() -> None:
    """All three."""
    keep(channels(), "03-channels")
    keep(places(), "03-places")
    keep(boxes(), "03-boxes")


def channels() -> Any:
    """A window of a colour picture goes through all three sheets, and so does the filter."""
    layer = mc.Conv2D(1, 2)
    layer.build((3, 3, 3), np.random.default_rng(0))
    layer.params["W"] = np.stack(SHEETS, axis=-1)[..., None]
    y = layer(np.stack([RED, GREEN, BLUES], axis=-1)[None].astype(float))[0, :, :, 0]

    figure = new_figure(6.4, 5.4, layout=None)
    names = ("red", "green", "blue")
    for row, (name, cells, sheet) in enumerate(
        zip(names, (RED, GREEN, BLUES), SHEETS, strict=True)
    ):
        bottom = 0.64 - 0.32 * row
        sign(figure, 0.05, bottom + 0.14, name, 13)
        axes = figure.add_axes((0.1, bottom, 0.25, 0.28))
        numbers(axes, cells, 0, 10, size=14)
        frame(axes, 1, 1, 2, 2, ORANGE)
        axes = figure.add_axes((0.42, bottom + 0.045, 0.17, 0.19))
        numbers(axes, sheet, -1.4, 1.4, size=14)
        frame(axes, 0, 0, 2, 2, ORANGE)
        window = cells[1:, 1:]
        sign(figure, 0.385, bottom + 0.14, "·")
        sign(figure, 0.65, bottom + 0.14, f"{(window * sheet).sum():+.0f}".replace("-", "−"), 15)
    sign(figure, 0.72, 0.46, "=")
    axes = figure.add_axes((0.77, 0.365, 0.22, 0.22))
    numbers(axes, y, -20, 20, size=15)
    frame(axes, 1, 1, 1, 1, BLUE)
    for x, text in ((0.225, "picture"), (0.505, "filter"), (0.88, "map")):
        sign(figure, x, 0.965, text, 13)
    return figure


def places() -> Any:
    """Where the middle of a 3×3 window may stand: valid, same, and with a stride of 2."""
    figure = new_figure(6.6, 2.55, layout=None)
    cases = (
        ("valid: 3×3 answers", 0, 1),
        ("same: 5×5 answers", 1, 1),
        ("same, stride 2: 3×3", 1, 2),
    )
    for column, (title, padding, stride) in enumerate(cases):
        axes = figure.add_axes((0.01 + 0.335 * column, 0.01, 0.31, 0.85))
        for row in range(-padding, 5 + padding):
            for place in range(-padding, 5 + padding):
                inside = row in range(5) and place in range(5)
                frame(axes, row, place, 1, 1, "#777777", lw=0.8, zorder=1)
                if inside:
                    axes.add_patch(cell(row, place, "#d0d0d0"))
                else:
                    axes.text(place, row, "0", size=11, color=GREY, ha="center", va="center")
        middles = range(1 - padding, 4 + padding, stride)
        for row in middles:
            for place in middles:
                axes.plot(place, row, "o", ms=9, color=BLUE, zorder=6)
        frame(axes, -padding, -padding, 3, 3, ORANGE)
        axes.set(xlim=(-1.65, 5.65), ylim=(5.65, -1.65), aspect="equal")
        axes.axis("off")
        axes.set_title(title, size=12, color=INK)
    return figure


def cell(row: int, place: int, colour: str) -> Any:
    """A cell of the picture."""
    from matplotlib.patches import Rectangle

    return Rectangle((place - 0.5, row - 0.5), 1, 1, fc=colour, zorder=0)


def boxes() -> Any:
    """The maps of the cat/dog network as slabs: wide as their pixels, thick as their kinds."""
    figure = new_figure(6.6, 6.0, layout=None)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    table = mc.zoo.catdog().summary(print_fn=None)
    slabs = [("the picture", table.input_shape, None)]
    words = {"Conv2D": "convolution", "MaxPool2D": "pool: half the side"}
    maps = [row for row in table.rows if len(row.output_shape) == 3]
    slabs += [(words[row.kind], row.output_shape, row.params) for row in maps]
    top = 0.0
    for word, (H, W, C), params in slabs:
        depth, thick = 0.24 * H, 0.62 * C
        slab(axes, -W / 2, top, W, depth, thick, BLUE if word == "convolution" else "#b8b8b8")
        middle = top + (depth + thick) / 2
        axes.text(125, middle - 5.5, f"{H}×{W}×{C}", size=14, weight="bold", color=INK, va="center")
        note = f"{word}: {params:,} dials" if params else word
        axes.text(125, middle + 6.5, note, size=11, color=INK, va="center")
        top += depth + thick + 9
    axes.set(xlim=(-100, 262), ylim=(top - 4, -6), aspect="equal")
    return figure


def slab(
    axes: Any, left: float, top: float, width: float, depth: float, thick: float, colour: str
) -> None:
    """A board that lies flat, seen from the front and a little from above."""
    from matplotlib.patches import Polygon

    back = 0.45 * depth
    lid = [(left + back, top), (left + width + back, top), (left + width, top + depth)]
    lid.append((left, top + depth))
    front = [(left, top + depth), (left + width, top + depth)]
    front += [(left + width, top + depth + thick), (left, top + depth + thick)]
    side = [(left + width, top + depth), (left + width + back, top)]
    side += [(left + width + back, top + thick), (left + width, top + depth + thick)]
    for corners, strength in ((lid, 0.35), (front, 0.75), (side, 0.95)):
        axes.add_patch(Polygon(corners, fc=colour, alpha=strength, ec="white", lw=1))


if __name__ == "__main__":
    main()
