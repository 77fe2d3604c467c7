"""Draw the pictures of lesson 2: ``python docs/pictures/course/lesson_02.py``."""

from typing import Any

import numpy as np
from cells import INK, frame, keep, numbers, sign

import minicnn as mc
from minicnn.viz.canvas import BLUE, ORANGE, new_figure, show

PICTURE = np.array([[1, 1, 1, 5, 5], [1, 1, 1, 5, 5], [1, 1, 5, 5, 5], [1, 1, 5, 5, 5]])
UPRIGHT = np.array([[-1, 0, 1]] * 3)
FILTERS = {
    "upright edges": UPRIGHT,
    "level edges": UPRIGHT.T,
    "blur (ninths)": np.ones((3, 3)) / 9,
    "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "all edges": np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
}


def main() -> None:
    """All three."""
    keep(window(), "02-window")
    keep(filters(), "02-filters")
    keep(learnt(), "02-learnt")


def filtered(picture: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """The picture (H, W) seen through one filter."""
    layer = mc.Conv2D(1, 3, use_bias=False)
    layer.build((*picture.shape, 1), np.random.default_rng(0))
    layer.params["W"] = kernel.reshape(3, 3, 1, 1).astype(float)
    return layer(picture[None, :, :, None].astype(float))[0, :, :, 0]


def window() -> Any:
    """The second window of the picture, the filter, and the number that comes out."""
    figure = new_figure(6.6, 3.3, layout=None)
    place = figure.add_axes((0.0, 0.2, 0.42, 0.68))
    numbers(place, PICTURE, 0, 6, size=15)
    frame(place, 0, 1, 3, 3, ORANGE)
    kernel = figure.add_axes((0.46, 0.3, 0.22, 0.48))
    numbers(kernel, UPRIGHT, -1, 1, size=14)
    frame(kernel, 0, 0, 3, 3, ORANGE)
    answer = figure.add_axes((0.75, 0.34, 0.25, 0.4))
    numbers(answer, filtered(PICTURE, UPRIGHT), -12, 12, size=15)
    frame(answer, 0, 1, 1, 1, BLUE)
    for x, text in ((0.21, "picture"), (0.57, "filter"), (0.875, "map")):
        sign(figure, x, 0.95, text, 13)
    sign(figure, 0.44, 0.54, "·")
    sign(figure, 0.715, 0.54, "=")
    words = "each number of the window times the one of the filter on top of it, all added up:"
    sign(figure, 0.5, 0.13, words, 10.5)
    sum_of_nine = "−1 + 0 + 5   −1 + 0 + 5   −1 + 0 + 5   =   12"
    sign(figure, 0.5, 0.05, sum_of_nine, 12)
    return figure


def grey_cat(side: int) -> np.ndarray:
    """A drawn cat in grey, 0 to 1."""
    x, _ = mc.data.drawn_pets(8, (side, side), seed=1, knobs=mc.data.Knobs(light=0.2))
    return (x[2] / 255).mean(axis=-1)


def filters() -> Any:
    """A cat in grey and what five filters make of it, each with its nine numbers."""
    cat = grey_cat(110)
    figure = new_figure(6.4, 9.2)
    places = iter(figure.subplots(3, 2).flat)
    axes = next(places)
    show(axes, cat[..., None])
    axes.set_title("the picture", size=13, color=INK)
    for axes, (name, kernel) in zip(places, FILTERS.items(), strict=True):
        y = filtered(cat, kernel)
        edges = abs(kernel.sum()) < 1e-9  # such a filter answers 0 to a plain wall: middle grey
        show(axes, np.clip(0.5 + 0.6 * y if edges else y, 0, 1)[..., None])
        axes.set_title(name, size=13, color=INK)
        table = axes.inset_axes((0.66, 0.0, 0.34, 0.34))
        ninths = 9 if "blur" in name else 1
        largest = np.abs(kernel).max() * ninths
        numbers(table, kernel * ninths, -largest, largest, size=12)
        table.patch.set(facecolor="white")
    return figure


def learnt() -> Any:
    """The nine numbers while they are being found, and the map that they give."""
    cat = grey_cat(48)
    cat = cat - cat.mean()
    target = filtered(cat, UPRIGHT)
    kernel, kept = np.zeros((3, 3)), {}
    layer = mc.Conv2D(1, 3)
    layer.build((48, 48, 1), np.random.default_rng(0))
    layer.params["W"], layer.params["b"] = kernel.reshape(3, 3, 1, 1), np.zeros(1)
    for step in range(201):
        y, cache = layer.forward(cat[None, :, :, None])
        if step in (0, 5, 20, 200):
            kept[step] = layer.params["W"][:, :, 0, 0].copy(), y[0, :, :, 0]
        dy = 2 * (y - target[None, :, :, None]) / y.size
        _, grads = layer.backward(dy, cache)
        for name in grads:
            layer.params[name] = layer.params[name] - 0.5 * grads[name]
    figure = new_figure(6.6, 3.9)
    rows = figure.subplots(2, 4, height_ratios=(1, 1))
    for column, (step, (kernel, y)) in enumerate(kept.items()):
        numbers(rows[0, column], kernel.round(1) + 0.0, -1, 1, size=10.5, form="{:.1f}")
        rows[0, column].set_title(f"after {step} steps" if step else "at first", size=12, color=INK)
        show(rows[1, column], np.clip(0.5 + 0.6 * y, 0, 1)[..., None])
    return figure


if __name__ == "__main__":
    main()
