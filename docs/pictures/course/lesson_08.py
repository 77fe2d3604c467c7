"""Draw the pictures of ``docs/course/08-gradient-checking.md``.

Run from anywhere: ``python docs/pictures/course/lesson_08.py``. It trains two small networks first,
which takes some seconds.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import minicnn as mc
from minicnn.data.pets import Knobs
from minicnn.viz.canvas import BLUE, GREY, ORANGE, new_figure, panel

HERE = Path(__file__).parent
BROWN = "#8a5a00"  # orange, dark enough to be read


class WrongReLU(mc.ReLU):
    """The backward pass forgets which numbers were cut off."""

    def backward(self, dy: np.ndarray, cache: Any) -> Any:
        """Everything passes, also where nothing passed on the way there."""
        return dy, {}


def trained(relu: type[mc.Layer]) -> list[float]:
    """The training loss of a small network with this ReLU."""
    layers = [
        mc.Conv2D(8, 3), relu(), mc.MaxPool2D(2),
        mc.Conv2D(16, 3), relu(), mc.MaxPool2D(2),
        mc.Flatten(), mc.Dense(32), relu(), mc.Dense(1, activation="sigmoid"),
    ]  # fmt: skip
    model = mc.Sequential(layers, input_shape=(32, 32, 3), seed=0)
    model.compile(mc.RMSprop(1e-3), "binary_crossentropy")
    x, t = mc.data.drawn_pets(300, (32, 32), seed=0, knobs=Knobs.all(0.3))
    return model.fit(x, t, batch_size=20, epochs=12, verbose=0).history["loss"]


def draw_two_networks() -> Any:
    """Both learn. One of them has a wrong backward pass."""
    figure, axes = panel(5.4, 3.4)
    for relu, colour, line, name in (
        (WrongReLU, ORANGE, "s--", "its ReLU has a wrong backward pass"),
        (mc.ReLU, BLUE, "o-", "all right"),
    ):
        losses = trained(relu)
        axes.plot(range(1, len(losses) + 1), losses, line, color=colour, linewidth=2, label=name)
        print(f"{name}: {losses[0]:.2f} to {losses[-1]:.2f}")
    axes.set(ylim=(0, 0.75))
    axes.set_xlabel("epoch", fontsize=12)
    axes.set_title("training loss of two networks", fontsize=12, loc="left")
    axes.tick_params(labelsize=11)
    axes.legend(frameon=False, fontsize=11, loc="lower left")
    return figure


def slope_errors(steps: np.ndarray, dtype: type, two_sided: bool) -> np.ndarray:
    """How wrong the measured slope of a sigmoid at 1 is, for each step."""
    sigmoid = mc.Sigmoid()
    sigmoid.build((1,), np.random.default_rng(0))
    f: Callable[[Any], Any] = lambda t: sigmoid(np.array([[t]], dtype))[0, 0]  # noqa: E731
    exact = 1 / (1 + np.exp(-1.0)) / (1 + np.exp(1.0))
    found = []
    for step in steps.astype(dtype):
        t = dtype(1)
        behind = t - step if two_sided else t
        found.append((f(t + step) - f(behind)) / ((2 if two_sided else 1) * step))
    return np.abs(np.array(found, np.float64) - exact) / exact


def draw_steps() -> Any:
    """Three V's: curve on the right, rounding on the left."""
    steps = 10.0 ** np.arange(-13, 0.01, 0.25)
    figure, axes = panel(5.4, 4.2)
    curves = [
        (np.float32, True, ORANGE, "s", "both sides, float32"),
        (np.float64, False, GREY, "^", "one side, float64"),
        (np.float64, True, BLUE, "o", "both sides, float64"),
    ]
    for dtype, two_sided, colour, mark, name in curves:
        used = steps[steps > 1e-7] if dtype is np.float32 else steps
        error = np.maximum(slope_errors(used, dtype, two_sided), 1e-13)
        axes.loglog(used, error, f"{mark}-", color=colour, markersize=4, linewidth=1.6, label=name)
    axes.axvline(1e-6, color="black", linewidth=1, linestyle=":")
    axes.text(0.8e-6, 3e-13, "gradcheck's ε", fontsize=11, ha="right")
    axes.text(4e-13, 1e-8, "rounding", fontsize=11, color="black")
    axes.text(6e-3, 4e-10, "the curve", fontsize=11, color="black")
    axes.set(ylim=(1e-13, 1e5), xlim=(1e-13, 2))
    axes.set_xlabel("step ε", fontsize=12)
    axes.set_title("relative error of the measured slope", fontsize=12, loc="left")
    axes.tick_params(labelsize=11)
    axes.legend(frameon=False, fontsize=11, loc="upper right", ncols=1)
    return figure


def draw_kink() -> Any:
    """On the kink, near it with a long step, near it with a short one."""
    relu = mc.ReLU()
    relu.build((1,), np.random.default_rng(0))
    line = np.linspace(-1.6, 1.6, 161)[:, None]
    figure = new_figure(5.4, 2.6)
    cases = [
        (0.0, 1.0, "on the kink"),
        (0.4, 1.0, "near it, long step"),
        (0.4, 0.3, "near it, short step"),
    ]
    for axes, (t, step, name) in zip(figure.subplots(1, 3, sharey=True), cases, strict=True):
        ends = np.array([[t - step], [t + step]])
        heights = relu(ends)[:, 0]
        slope = (heights[1] - heights[0]) / (2 * step)
        axes.plot(line[:, 0], relu(line)[:, 0], color=BLUE, linewidth=4, alpha=0.55)
        axes.plot(ends[:, 0], heights, "o-", color="black", linewidth=1.6, markersize=5)
        axes.plot([t], relu(np.array([[t]]))[0], "D", color=ORANGE, markeredgecolor="black")
        axes.set_title(f"{name}\nslope {slope:.1f}", fontsize=11)
        axes.set(xlim=(-1.6, 1.6), ylim=(-0.3, 1.7), xticks=[0], yticks=[])
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(labelsize=11)
    return figure


def main() -> None:
    """The pictures, beside this script."""
    drawn = {"wrong-relu": draw_two_networks(), "steps": draw_steps(), "kink": draw_kink()}
    for name, figure in drawn.items():
        figure.savefig(HERE / f"08-{name}.png", dpi=130, metadata={"Software": None})


if __name__ == "__main__":
    main()
