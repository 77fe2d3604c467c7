"""Draw the pictures of lesson 5: ``python docs/pictures/course/lesson_05.py``."""

from typing import Any

import numpy as np
from cells import INK, frame, keep, numbers, sign

import minicnn as mc
from minicnn.viz.canvas import BLUE, GREY, ORANGE, new_figure, show

MAP = np.array([[1.0, -3, 2, 0], [4, 0, -1, 5], [-2, -1, 3, 3], [-5, -4, 1, 2]])
DY = np.array([[10.0, 20], [30, 40]])


def main() -> None:
    """All three."""
    keep(steps(), "05-steps")
    keep(bends(), "05-relu")
    keep(winners(), "05-winners")


def steps() -> Any:
    """A map of upright edges, what ReLU leaves of it, and two pools one after the other."""
    x, _ = mc.data.drawn_pets(8, (98, 98), seed=1, knobs=mc.data.Knobs(light=0.2))
    cat = (x[2:3] / 255).mean(axis=-1, keepdims=True)
    layers = (mc.Conv2D(1, 3), mc.ReLU(), mc.MaxPool2D(2), mc.MaxPool2D(2))
    maps, shape = [cat], (98, 98, 1)
    for layer in layers:
        shape = layer.build(shape, np.random.default_rng(0))
        if layer.params:
            layer.params["W"] = np.array([[-1.0, 0, 1]] * 3).reshape(3, 3, 1, 1)
        maps.append(layer(maps[-1]))
    figure = new_figure(6.4, 6.9)
    titles = ("a map: grey is 0", "ReLU: black is 0", "pool 2×2", "and once more")
    for axes, title, y in zip(figure.subplots(2, 2).flat, titles, maps[1:], strict=True):
        shown = 0.5 + 0.5 * y[0] if y.min() < 0 else 0.8 * y[0]
        show(axes, np.clip(shown, 0, 1), interpolation="nearest")
        axes.set_title(f"{title}, {y.shape[1]}×{y.shape[2]}", size=13, color=INK)
    return figure


def bends() -> Any:
    """ReLU and its slope."""
    figure = new_figure(6.4, 2.8)
    x = np.linspace(-3, 3, 601)
    left, right = figure.subplots(1, 2)
    left.plot(x, np.maximum(x, 0), color=BLUE, lw=3)
    left.set_title("ReLU: y = max(x, 0)", size=13, color=INK)
    right.plot([-3, 0], [0, 0], color=ORANGE, lw=3)
    right.plot([0, 3], [1, 1], color=ORANGE, lw=3)
    right.plot(0, 0, "o", ms=8, color=ORANGE)
    right.plot(0, 1, "o", ms=8, mfc="white", mec=ORANGE, mew=2)
    right.set_title("its slope", size=13, color=INK)
    right.set_yticks([0, 1])
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.axvline(0, color=GREY, lw=0.8)
        axes.set_xlabel("x", size=12)
        axes.tick_params(labelsize=11)
    right.set_ylim(-0.15, 1.3)
    return figure


def winners() -> Any:
    """The winners of a 2×2 pool, their codes, and where a gradient goes."""
    pool = mc.MaxPool2D(2)
    pool.build((4, 4, 1), np.random.default_rng(0))
    y, cache = pool.forward(MAP[None, :, :, None])
    dx, _ = pool.backward(DY[None, :, :, None], cache)
    figure = new_figure(6.4, 5.6, layout=None)
    places = {
        "x": ((0.02, 0.53, 0.38, 0.4), MAP, -7, 5),
        "y": ((0.5, 0.61, 0.2, 0.24), y[0, :, :, 0], -7, 5),
        "code": ((0.78, 0.61, 0.2, 0.24), cache["code"][0, :, :, 0], -9, 3),
        "dx": ((0.02, 0.02, 0.38, 0.4), dx[0, :, :, 0], -60, 60),
        "dy": ((0.5, 0.1, 0.2, 0.24), DY, -60, 60),
    }
    places["cell number"] = ((0.78, 0.1, 0.2, 0.24), [[0, 1], [2, 3]], -9, 3)
    axes = {}
    for name, (place, values, low, high) in places.items():
        axes[name] = figure.add_axes(place)
        numbers(axes[name], values, low, high, size=15)
        axes[name].set_title(name, size=14, color=INK)
    for name in ("x", "dx"):
        for k, (row, column) in enumerate(((0, 0), (0, 2), (2, 0), (2, 2))):
            frame(axes[name], row, column, 2, 2, INK, lw=2.5)
            down, across = divmod(int(cache["code"].ravel()[k]), 2)
            frame(axes[name], row + down, column + across, 1, 1, ORANGE, zorder=6)
    sign(figure, 0.45, 0.73, "→")
    sign(figure, 0.45, 0.22, "←")
    return figure


if __name__ == "__main__":
    main()
