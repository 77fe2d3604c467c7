"""Draw the pictures of ``docs/course/09-rmsprop-and-its-relatives.md``.

Run from anywhere: ``python docs/pictures/course/lesson_09.py``. The paths are walked by the
library's optimizers, the schedules are the library's functions.
"""

from pathlib import Path
from typing import Any

import numpy as np

import minicnn as mc
from minicnn.viz.canvas import BLUE, GREY, ORANGE, new_figure, panel

HERE = Path(__file__).parent
STEEP = np.array([1.0, 100.0])  # L = (a² + 100 b²) / 2
START = np.array([-9.0, 0.9])


def walk(optimizer: mc.Optimizer, steps: int) -> np.ndarray:
    """Where the optimizer stands after each step."""
    place = START.copy()
    path = [place.copy()]
    for _ in range(steps):
        optimizer.apply({"place": place}, {"place": STEEP * place})
        path.append(place.copy())
    return np.array(path)


def draw_valley(steps: int = 40) -> Any:
    """Four walks down one narrow valley, a panel for each."""
    walkers = {
        "SGD": mc.SGD(0.019),
        "SGD with momentum": mc.SGD(0.005, momentum=0.9),
        "RMSprop": mc.RMSprop(0.3),
        "Adam": mc.Adam(0.3),
    }
    a, b = np.meshgrid(np.linspace(-10, 4, 281), np.linspace(-1.25, 1.25, 121))
    height = (STEEP[0] * a**2 + STEEP[1] * b**2) / 2
    figure = new_figure(5.4, 7.0)
    panels = figure.subplots(4, 1, sharex=True)
    for axes, (name, optimizer) in zip(panels, walkers.items(), strict=True):
        path = walk(optimizer, steps)
        left = np.linalg.norm(path[-1])
        print(f"{name}: {left:.2f} from the bottom after {steps} steps")
        axes.contour(a, b, height, levels=[0.5, 2, 6, 14, 26, 45, 70], colors=GREY, linewidths=0.7)
        axes.plot(path[:, 0], path[:, 1], "-", color=BLUE, linewidth=1.2)
        axes.plot(path[:, 0], path[:, 1], "o", color=BLUE, markersize=3.2)
        axes.plot(*START, "s", color="black", markersize=7)
        axes.plot(0, 0, "*", color=ORANGE, markeredgecolor="black", markersize=14)
        title = f"{name}: still {left:.2f} to go"
        axes.set_title(title, fontsize=12, loc="left")
        axes.set(xlim=(-10, 4), ylim=(-1.25, 1.25), xticks=[], yticks=[])
        axes.spines[:].set_color(GREY)
    return figure


def draw_rates() -> Any:
    """The loss of plain SGD on one parabola, for five learning rates."""
    figure, axes = panel(5.4, 3.6)
    marks = [
        (0.05, GREY, "v", "-"),
        (0.5, ORANGE, "s", "--"),
        (1.0, "black", "*", "-"),
        (1.9, BLUE, "o", "-"),
        (2.1, "#D55E00", "^", "-."),
    ]
    for rate, colour, mark, line in marks:
        place, optimizer = np.array([1.0]), mc.SGD(rate)
        losses = [0.5]
        for _ in range(20):
            optimizer.apply({"p": place}, {"p": place.copy()})
            losses.append(max(float(place[0] ** 2 / 2), 1e-9))
        axes.semilogy(losses, mark + line, color=colour, markersize=5, label=f"η = {rate:g}")
    axes.set(ylim=(3e-7, 2e3), xticks=[0, 5, 10, 15, 20])
    axes.set_xlabel("step", fontsize=12)
    axes.set_title("loss on the parabola L = p² / 2", fontsize=12, loc="left")
    axes.tick_params(labelsize=11)
    axes.legend(frameon=False, fontsize=11, ncols=3, loc="upper left", columnspacing=1.2)
    return figure


def draw_schedules() -> Any:
    """How three schedules lower the learning rate over a run of 1000 steps."""
    figure, axes = panel(5.4, 3.0)
    steps = np.arange(1001)
    shown = [
        (mc.ExponentialDecay(1e-3, 300, 0.5), BLUE, "-", "exponential: half every 300"),
        (mc.PiecewiseConstantDecay([500, 800], [1e-3, 1e-4, 1e-5]), ORANGE, "--", "in stairs"),
        (mc.CosineDecay(0.0, 900, warmup_target=1e-3, warmup_steps=100), "black", "-.",
         "cosine, after a warm-up"),
    ]  # fmt: skip
    for schedule, colour, line, name in shown:
        rates = [1000 * schedule(int(step)) for step in steps]
        axes.plot(steps, rates, line, color=colour, linewidth=2, label=name)
    axes.set(ylim=(0, 1.65), yticks=[0, 0.5, 1])
    axes.set_xlabel("step", fontsize=12)
    axes.set_title("learning rate, in thousandths", fontsize=12, loc="left")
    axes.tick_params(labelsize=11)
    axes.legend(frameon=False, fontsize=11, loc="upper right")
    return figure


def main() -> None:
    """The pictures, beside this script."""
    drawn = {"valley": draw_valley(), "rates": draw_rates(), "schedules": draw_schedules()}
    for name, figure in drawn.items():
        figure.savefig(HERE / f"09-{name}.png", dpi=130, metadata={"Software": None})


if __name__ == "__main__":
    main()
