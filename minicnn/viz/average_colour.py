"""What is left of a picture when only its average colour is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minicnn.data.baseline import colour_shift, mean_colour
from minicnn.errors import DataError, ShapeError
from minicnn.typing import Array
from minicnn.viz.canvas import BLUE, ORANGE, new_figure, panel, show
from minicnn.viz.lettering import legend, literal

STRIP = 0.28  # of a picture's height: the strip in its average colour
CLASS_STYLES = ((BLUE, "o"), (ORANGE, "^"))
SIGNS = ("s", "D", "P", "X", "v", "*")


def average_colour(
    pictures: Array, titles: Sequence[str], captions: Sequence[Sequence[str]]
) -> Any:
    """Rows of pictures, each above a strip of its average colour: all that is left of it.

    ``pictures`` (rows, columns, H, W, 3); a title for each column, a caption for each picture.
    """
    rows, columns = pictures.shape[:2]
    if (
        pictures.ndim != 5
        or len(titles) != columns
        or [len(c) for c in captions] != [columns] * rows
    ):
        raise ShapeError(
            f"average_colour: expected pictures (rows, columns, H, W, 3), a title for each column "
            f"and a caption for each picture, got {pictures.shape}, {len(titles)} titles and "
            f"{[len(c) for c in captions]} captions in the rows"
        )
    lines = 1 + max(caption.count("\n") for row in captions for caption in row)
    figure = new_figure(1.4 * columns, (1.45 + 1.4 * STRIP + 0.16 * lines) * rows + 0.3)
    cells = figure.subplots(2 * rows, columns, squeeze=False, height_ratios=[1, STRIP] * rows)
    for row in range(rows):
        for column in range(columns):
            picture, (above, below) = pictures[row, column], cells[2 * row : 2 * row + 2, column]
            show(above, picture)
            colour = mean_colour(picture[None])[0] / (255 if picture.dtype == np.uint8 else 1)
            below.imshow(np.broadcast_to(colour, (1, 1, 3)), aspect="auto")
            below.set(xticks=[], yticks=[])
            below.set_xlabel(literal(captions[row][column]), fontsize=8)
            if row == 0:
                above.set_title(literal(titles[column]), fontsize=9)
    return figure


def colour_clouds(
    x: Array, y: Array, classes: Sequence[str], retaken: Mapping[str, Array], axes: str = "RB"
) -> Any:
    """Average colours in a plane of two of R, G and B: two classes, and one animal seen again.

    ``retaken`` has, by nuisance, pictures of one animal under so much of it; the first of each is
    where it starts, and lines lead from there to the others. "Moves 2" is the median, in distances
    between the means of the classes.
    """
    names = {"R": "red", "G": "green", "B": "blue"}
    channels = ["RGB".index(name) for name in axes]
    if len(classes) != len(CLASS_STYLES) or len(retaken) > len(SIGNS):
        raise DataError(
            f"colour_clouds: expected {len(CLASS_STYLES)} classes and at most {len(SIGNS)} "
            f"nuisances, got {len(classes)} and {len(retaken)}; draw them in several figures"
        )
    figure, plane = panel(6.2, 4.0)
    figure.set_layout_engine("compressed")  # which keeps room beside axes of a fixed shape
    points, labels = mean_colour(x)[:, channels], np.asarray(y).reshape(-1)
    for k, (colour, marker) in enumerate(CLASS_STYLES):
        here = points[labels == k]
        plane.scatter(*here.T, s=14, c=colour, marker=marker, alpha=0.45, linewidths=0)
        plane.plot(*here.mean(axis=0), marker, color=colour, mec="black", ms=12, mew=1.5,
                   linestyle="none", label=f"mean of {classes[k]}s", zorder=4)  # fmt: skip
    for (name, pictures), marker in zip(retaken.items(), SIGNS, strict=False):
        start, *others = mean_colour(pictures)[:, channels]
        moves = np.median(colour_shift(x, y, pictures[0], pictures[1:]))
        for other in others:
            plane.plot(*np.stack([start, other]).T, color="black", linewidth=0.7, zorder=2)
        plane.plot(*np.array(others).T, marker, color="white", mec="black", ms=7,
                   linestyle="none", label=f"{name}: moves {moves:.1f}", zorder=3)  # fmt: skip
    plane.set(xlabel=f"average {names[axes[0]]}", ylabel=f"average {names[axes[1]]}")
    plane.set_aspect("equal")  # distances are what it is about
    named = [line for line in plane.get_lines() if line.get_linestyle() == "None"]
    said = [line.get_label() for line in named]
    legend(plane, named, said, fontsize=9, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure
