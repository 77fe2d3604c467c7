"""Draw the pictures of lesson 1: ``python docs/pictures/course/lesson_01.py``."""

from typing import Any

import numpy as np
from cells import INK, frame, keep, numbers

import minicnn as mc
from minicnn.data import Knobs
from minicnn.viz.canvas import BLUE, ORANGE, new_figure, show

SIDE = 48


def main() -> None:
    """All three."""
    keep(zoom(), "01-numbers")
    keep(blind(), "01-blind")
    keep(nuisances(), "01-nuisances")


def zoom() -> Any:
    """A cat, an eye of it, and the numbers of that eye."""
    x, y = mc.data.drawn_pets(2, (SIDE, SIDE), seed=5, knobs=Knobs.all(0))
    cat = x[int(np.flatnonzero(y == 0)[0])]
    top, left, side = 13, 17, 7
    eye = cat[top : top + side, left : left + side]
    figure = new_figure(6.6, 3.3, layout=None)
    picture = figure.add_axes((0.0, 0.02, 0.46, 0.88))
    show(picture, cat)
    frame(picture, top, left, side, side, ORANGE, lw=3)
    picture.set_title("48×48 pixels, 3 colours each", size=11, color=INK)
    table = figure.add_axes((0.52, 0.02, 0.46, 0.88))
    numbers(table, eye[..., 0], 0, 255, size=11)
    frame(table, 0, 0, side, side, ORANGE)
    table.set_title("the red of the framed 7×7 pixels", size=11, color=INK)
    return figure


def blind() -> Any:
    """A cat, its pixels shuffled, and the same cat in less light: with the average of each."""
    x, y = mc.data.drawn_pets(8, (96, 96), seed=1)
    cat = x[int(np.flatnonzero(y == 0)[0])]
    pixels = cat.reshape(-1, 3)
    shuffled = np.random.default_rng(0).permutation(pixels).reshape(cat.shape)
    dim = (cat * 0.6).astype(np.uint8)
    figure = new_figure(6.6, 2.75)
    titles = ("a cat", "the same pixels, shuffled", "the same cat, less light")
    places = figure.subplots(1, 3)
    for axes, picture, title in zip(places, (cat, shuffled, dim), titles, strict=True):
        red, green, blue = picture.mean(axis=(0, 1))
        label(axes, picture, title, f"average {red:.0f}, {green:.0f}, {blue:.0f}")
        axes.title.set_size(11)
    return figure


def nuisances() -> Any:
    """A dog, a cat in its place, and one nuisance at a time: by how much each moves the numbers."""

    def pictures(knobs: Knobs) -> np.ndarray:
        return mc.data.drawn_pets(20, (96, 96), seed=5, knobs=knobs)[0]

    plain = pictures(Knobs.all(0)).astype(float)
    figure = new_figure(6.0, 7.2)
    figure.get_layout_engine().set(h_pad=0.13)
    places = iter(figure.subplots(3, 3).flat)
    label(next(places), plain[0] / 255, "a dog", "")
    label(
        next(places), plain[1] / 255, "a cat", f"moved by {np.abs(plain[0] - plain[1]).mean():.0f}"
    )
    figure.axes[1].texts[0].set(color=BLUE, weight="bold")
    for axes, name in zip(places, Knobs.names(), strict=True):
        changed = pictures(Knobs.only(name))
        moved = np.abs(changed - plain).mean()  # over 20 pictures: one may be lucky
        shown = changed[{"light": 2, "occlusion": 4, "clutter": 4}.get(name, 0)]
        label(axes, shown, f"a dog, {name}", f"moved by {moved:.0f}")
    return figure


def label(axes: Any, picture: np.ndarray, above: str, below: str) -> None:
    """A picture with a line above it and a line below."""
    show(axes, picture)
    axes.set_title(above, size=12, color=INK)
    axes.text(
        0.5, -0.04, below, size=12, color=INK, transform=axes.transAxes, ha="center", va="top"
    )  # fmt: skip


if __name__ == "__main__":
    main()
