"""Draw the pictures of ``docs/course/07-backpropagation.md``.

Run from anywhere: ``python docs/pictures/course/lesson_07.py``. Every number in them was computed
by the library's layers, forward and backward.
"""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.patches import FancyBboxPatch

import minicnn as mc
from minicnn.viz.canvas import BLUE, ORANGE, new_figure, panel

HERE = Path(__file__).parent
BROWN = "#8a5a00"  # orange, dark enough to be read


def small_network() -> mc.Chain:
    """The network of the lesson: two numbers, two hidden units, one score."""
    net = mc.Chain(mc.Dense(2), mc.ReLU(), mc.Dense(1))
    net.build((2,), np.random.default_rng(0))
    net.params["dense_1/W"] = np.array([[1.0, -1.0], [1.0, 1.0]])
    net.params["dense_1/b"] = np.array([0.0, -2.0])
    net.params["dense_2/W"] = np.array([[1.0], [2.0]])
    net.params["dense_2/b"] = np.array([-3.0])
    return net


def row(array: np.ndarray) -> str:
    """A row of numbers as one writes it on paper."""
    numbers = ", ".join(f"{v + 0.0:g}".replace("-", "−") for v in array.ravel())
    return f"[{numbers}]" if array.size > 1 else numbers


def messages() -> tuple[list[str], list[str], list[str]]:
    """What goes down, what comes back up, and what stays with each layer."""
    net = small_network()
    x = np.array([[1.0, 2.0]])
    down, caches = [f"x = {row(x)}"], []
    for layer, letter in zip(net, "ahz", strict=True):
        x, cache = layer.forward(x)
        caches.append(cache)
        down.append(f"{letter} = {row(x)}")
    loss = mc.BinaryCrossentropy(from_logits=True)
    value, loss_cache = loss.forward(x, [1])
    down.append(f"L = {float(value):.3f}")
    dy = loss.backward(loss_cache)
    up, kept = [f"dz = {row(dy)}"], ["", "", "", "p = 0.5, and it was a dog: t = 1"]
    for place, letter in ((2, "h"), (1, "a"), (0, "x")):
        dy, grads = net[place].backward(dy, caches[place])
        up.insert(0, f"d{letter} = {row(dy)}")
        if grads:
            rows = ", ".join(row(r) for r in grads["W"])
            kept[place] = f"dW = [{rows}]   db = {row(grads['b'])}"
    kept[1] = "the second unit is asleep: nothing passes"
    return down, [*up, "1"], kept


def draw_messages() -> Any:
    """Boxes from top to bottom; values go down on the left, slopes come up on the right."""
    down, up, kept = messages()
    names = ["Dense, 2 units", "ReLU", "Dense, 1 unit", "sigmoid and loss"]
    figure = new_figure(5.4, 6.4)
    axes = figure.subplots()
    axes.axis("off")
    axes.set(xlim=(0, 10), ylim=(-0.75, 9.3))
    style = "round,pad=0.02,rounding_size=0.15"
    box = {"boxstyle": style, "facecolor": "#f3f3f3", "edgecolor": "black", "zorder": 0}
    for k, (name, note) in enumerate(zip(names, kept, strict=True)):
        top = 8.2 - 2.2 * k
        axes.text(5, top - 0.3, name, ha="center", va="center", fontsize=13, fontweight="bold")
        axes.text(5, top - 0.85, note, ha="center", va="center", fontsize=11.5, color=BROWN)
        axes.add_patch(FancyBboxPatch((0.7, top - 1.15), 8.6, 1.2, **box))
    for k, (value, slope) in enumerate(zip(down, up, strict=True)):
        high, low = 9.2 - 2.2 * k, 8.3 - 2.2 * k
        arrow = {"arrowstyle": "-|>", "linewidth": 2, "mutation_scale": 16}
        axes.annotate("", (2.2, low), (2.2, high), arrowprops={**arrow, "color": BLUE})
        axes.text(2.45, (high + low) / 2, value, va="center", fontsize=12, color=BLUE)
        back = {**arrow, "color": ORANGE, "linestyle": "--"}
        axes.annotate("", (6.1, high), (6.1, low), arrowprops=back)
        axes.text(6.4, (high + low) / 2, slope, va="center", fontsize=12, color=BROWN)
    return figure


def draw_own_loop() -> Any:
    """Thirty steps: the library's training, and on top of it a loop over the layers."""
    x, t = mc.data.drawn_pets(20, (32, 32), seed=0)

    def fresh() -> mc.Sequential:
        layers = [
            mc.Conv2D(8, 3, activation="relu"), mc.MaxPool2D(2), mc.Flatten(),
            mc.Dense(16, activation="relu"), mc.Dense(1), mc.Sigmoid(),
        ]  # fmt: skip
        return mc.Sequential(layers, input_shape=(32, 32, 3), seed=0).astype("float64")

    model, mine = fresh(), fresh()
    model.compile(mc.SGD(0.03), loss="binary_crossentropy")
    library = [model.train_on_batch(x, t)["loss"] for _ in range(30)]
    loss, own = mc.BinaryCrossentropy(from_logits=True), []
    for _ in range(30):
        y, caches = x / 255.0, []
        for layer in mine.layers[:-1]:
            y, cache = layer.forward(y)
            caches.append(cache)
        value, loss_cache = loss.forward(y, t)
        own.append(float(value))
        dy = loss.backward(loss_cache)
        for layer, cache in zip(mine.layers[-2::-1], caches[::-1], strict=True):
            dy, grads = layer.backward(dy, cache)
            for name, g in grads.items():
                layer.params[name] -= 0.03 * g
    figure, axes = panel(5.4, 3.2)
    steps = range(1, 31)
    axes.plot(steps, library, "-", color=ORANGE, linewidth=5, label="model.train_on_batch")
    axes.plot(steps, own, "o", color="black", markersize=3.5, label="your loop over the layers")
    axes.set(ylim=(0, None))
    axes.set_xlabel("step", fontsize=12)
    axes.set_title("loss on twenty drawn pets", fontsize=12, loc="left")
    axes.tick_params(labelsize=11)
    axes.legend(frameon=False, fontsize=11)
    return figure


def main() -> None:
    """Both pictures, beside this script."""
    for name, figure in (("messages", draw_messages()), ("own-loop", draw_own_loop())):
        figure.savefig(HERE / f"07-{name}.png", dpi=130, metadata={"Software": None})


if __name__ == "__main__":
    main()
