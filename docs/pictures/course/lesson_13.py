"""Draw the pictures of lesson 13: ``python docs/pictures/course/lesson_13.py`` (seconds)."""

from typing import Any

import numpy as np
from plots import BLUE, GREY, INK, ORANGE, arrow, bare, box, keep, new_figure

import minicnn as mc
from minicnn.layers.taps import tap

DEPTH, WIDTH = 30, 64


def stack(kind: str) -> mc.Chain:
    """Thirty layers of 64 units with ReLU: plain, normalised, or normalised with residuals."""
    layers: list[mc.Layer] = []
    for _ in range(DEPTH):
        if kind == "plain":
            layers += [mc.Dense(WIDTH), mc.ReLU()]
        elif kind == "BatchNorm":
            layers += [mc.Dense(WIDTH), mc.BatchNorm(), mc.ReLU()]
        else:
            layers += [mc.Residual(mc.Chain(mc.Dense(WIDTH), mc.BatchNorm(), mc.ReLU()))]
    return mc.Chain(*layers)


def sizes(kind: str) -> tuple[list[float], list[float]]:
    """How large numbers are behind each of the thirty layers, and the slopes that come back."""
    rng = np.random.default_rng(0)
    chain = stack(kind)
    chain.build((WIDTH,), rng)
    copied, heard = tap(chain)
    y, cache = copied.forward(rng.standard_normal((256, WIDTH)), training=True)
    copied.backward(rng.standard_normal(y.shape), cache)
    every = len(chain) // DEPTH
    paths = [layer.path for layer in chain.layers[every - 1 :: every]]
    slopes = [rms(heard.gradients[path]) for path in paths]
    return [rms(heard.outputs[path]) for path in paths], [s / slopes[-1] for s in slopes]


def rms(a: Any) -> float:
    """The root of the mean square."""
    return float(np.sqrt(np.mean(a**2)))


def depth() -> None:
    """Forward and backward through thirty layers, before any training."""
    figure = new_figure(7.4, 3.6)
    panels = figure.subplots(1, 2, sharex=True)
    styles = {"plain": (GREY, ":"), "BatchNorm": (BLUE, "-"), "residual": (ORANGE, "--")}
    for kind, (colour, line) in styles.items():
        found = sizes(kind)
        for axes, figures in zip(panels, found, strict=True):
            axes.plot(range(1, DEPTH + 1), figures, line, color=colour, lw=3, label=kind)
        print(f"{kind}: forward {found[0][0]:.2g} to {found[0][-1]:.2g}, "
              f"back at the first layer {found[1][0]:.2g} of the last")  # fmt: skip
    for axes, title in zip(panels, ("numbers on the way forward", "slopes on the way back"),
                           strict=True):  # fmt: skip
        axes.set(yscale="log", xlabel="layer", xlim=(1, DEPTH))
        axes.set_title(title, fontsize=13)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("typical size")
    panels[0].legend(frameon=False, fontsize=11, loc="lower left", handlelength=3)
    keep(figure, "13-depth", dpi=130)


def block() -> None:
    """A residual block: two ways that are added up."""
    figure = new_figure(7.2, 2.4)
    axes = bare(figure.add_subplot())
    axes.set(xlim=(0, 10.4), ylim=(0, 3.1))
    names = ["Conv", "BatchNorm", "ReLU", "Conv", "BatchNorm"]
    x = 1.3
    arrow(axes, (0.3, 1), (x, 1))
    for name, width in zip(names, (1, 1.5, 0.95, 1, 1.5), strict=True):
        box(axes, x, 0.55, width, 0.9, name, fc="#dcebf5", size=11)
        x += width
        arrow(axes, (x, 1), (x + 0.3, 1))
        x += 0.3
    box(axes, x, 0.65, 0.7, 0.7, "+", fc="#fbe9c6", size=17)
    arrow(axes, (x + 0.7, 1), (x + 1.15, 1))
    axes.plot([0.8, 0.8, x + 0.35], [1, 2.35, 2.35], color=INK, lw=2.4)
    arrow(axes, (x + 0.35, 2.35), (x + 0.35, 1.35), lw=2.4)
    axes.text(0.1, 1.12, "x", size=14)
    axes.text(x + 1.2, 0.93, "y", size=14)
    axes.text(4.6, 2.5, "the shortcut: x itself", size=11, ha="center")
    axes.text(4.6, 0.12, "the body: f(x)", size=11, ha="center")
    keep(figure, "13-residual", dpi=120)


if __name__ == "__main__":
    block()
    depth()
