"""Draw the pictures of ``docs/course/10-the-cat-dog-network.md``.

Run from anywhere: ``python docs/pictures/course/lesson_10.py``. It trains the network itself, on a
thousand drawn pets, which takes a minute or two; the figures that the page quotes are printed.
"""

from typing import Any

import numpy as np
from paper import keep

import minicnn as mc
from minicnn import viz
from minicnn.viz.canvas import BLUE, GREY, ORANGE, new_figure

TRAINING, VALIDATION, EPOCHS = 1000, 300, 10


def trained(x: np.ndarray, t: np.ndarray) -> tuple[mc.Sequential, mc.History]:
    """The network of the mission, trained on most of the pictures and tested on the rest."""
    model = mc.zoo.catdog(seed=0)
    model.compile(mc.RMSprop(1e-3), "binary_crossentropy", ["accuracy"])
    history = model.fit(
        x[:TRAINING], t[:TRAINING], batch_size=20, epochs=EPOCHS, verbose=2,
        validation_data=(x[TRAINING:], t[TRAINING:]),
    )  # fmt: skip
    return model, history


def draw_shapes(model: mc.Sequential, picture: np.ndarray) -> Any:
    """One map of every stage, all at one scale; below, where the numbers and the weights are."""
    outputs = model.layer_outputs(picture[None])
    stages = [("input", picture)]
    for name, out in outputs.items():
        if out.ndim == 4:
            liveliest = int(out[0].std(axis=(0, 1)).argmax())
            stages.append((name, out[0, :, :, liveliest]))
    figure = new_figure(5.4, 5.6, layout=None)
    left, scale = 0.01, 0.965 / (sum(len(image) for _, image in stages) + 6 * 14)
    for name, image in stages:
        side = len(image)
        high = scale * side * 5.4 / 5.6
        axes = figure.add_axes((left, 0.985 - high, scale * side, high))
        axes.axis("off")
        top = 255 if image.ndim == 3 else max(float(image.max()), 1e-9)
        axes.imshow(image / top, cmap="gray", interpolation="nearest", aspect="auto")
        channels = 3 if name == "input" else outputs[name].shape[-1]
        label = f"{side}\n×{channels}"
        figure.text(
            left + scale * side / 2, 0.975 - high, label, ha="center", va="top", fontsize=10
        )
        left += scale * (side + 14)
    names = ["input", *outputs]
    kinds = ["picture", *[type(layer).__name__ for layer in model]]
    counts = [picture.size, *[int(out[0].size) for out in outputs.values()]]
    weights = [0, *[layer.count_params() for layer in model]]
    rows = [k for k, name in enumerate(names) if not name.startswith("flatten")]
    places = range(len(rows))
    for column, (values, colour, title) in enumerate(
        [(counts, BLUE, "numbers that leave it"), (weights, ORANGE, "weights")]
    ):
        axes = figure.add_axes((0.2 + 0.42 * column, 0.02, 0.36, 0.56))
        shown = [values[k] for k in rows]
        axes.barh(places, shown, color=colour, edgecolor="black", linewidth=0.6, height=0.62)
        for row, value in zip(places, shown, strict=True):
            room = value < 0.5 * max(shown)
            gap = 0.03 * max(shown) * (1 if room else -1)
            side, ink = "left" if room else "right", "black" if room or column else "white"
            text = f"{value:,}"
            axes.text(value + gap, row, text, va="center", ha=side, fontsize=10, color=ink)
        axes.set_title(title, fontsize=12, loc="left")
        axes.set_xticks([])
        axes.set_yticks([] if column else places, [] if column else [kinds[k] for k in rows])
        axes.tick_params(labelsize=11, left=False)
        axes.invert_yaxis()
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        axes.spines["left"].set_color(GREY)
    return figure


def draw_answers(model: mc.Sequential, x: np.ndarray, t: np.ndarray) -> Any:
    """Above, the first four pictures; below, the four that it is most wrong about."""
    answers = model.predict(x)[:, 0]
    worst = np.argsort(-abs(answers - t))[:4]
    print(f"{np.mean((answers >= 0.5) == t):.1%} of {len(x)} new pictures")
    figure = new_figure(5.4, 3.3)
    panels = figure.subplots(2, 4)
    for axes, k in zip(panels.flat, [0, 1, 2, 3, *worst], strict=True):
        p = answers[k]
        axes.imshow(x[k])
        axes.set(xticks=[], yticks=[])
        said = f"dog, {p:.0%}" if p >= 0.5 else f"cat, {1 - p:.0%}"
        wrong = (p >= 0.5) != t[k]
        axes.set_title(f"✗ {said}" if wrong else said, fontsize=11)
        axes.spines[:].set_linewidth(3 if wrong else 0.8)
    return figure


def draw_curves(history: mc.History) -> Any:
    """Loss and accuracy, one below the other so that a telephone can show them."""
    figure = viz.curves(history)
    figure.set_size_inches(5.4, 5.6)
    loss, accuracy = figure.axes
    grid = figure.add_gridspec(2, 1)
    loss.set_subplotspec(grid[0])
    accuracy.set_subplotspec(grid[1])
    for axes in (loss, accuracy):
        axes.tick_params(labelsize=11)
        axes.title.set_fontsize(12)
        axes.xaxis.label.set_fontsize(12)
        axes.legend(frameon=False, fontsize=11)
    return figure


def main() -> None:
    """Train, and draw."""
    x, t = mc.data.drawn_pets(TRAINING + VALIDATION, seed=0)
    model, history = trained(x, t)
    print(model.evaluate(x[TRAINING:], t[TRAINING:]))
    new, truth = mc.data.drawn_pets(200, seed=7)
    drawn = {
        "shapes": draw_shapes(model, x[TRAINING + 1]),
        "curves": draw_curves(history),
        "answers": draw_answers(model, new, truth),
    }
    for name, figure in drawn.items():
        keep(figure, f"10-{name}", dpi=130)


if __name__ == "__main__":
    main()
