"""Draw the pictures of ``docs/course/06-dense-softmax-and-losses.md``.

Run from anywhere: ``python docs/pictures/course/lesson_06.py``. The curves are the library's own
sigmoid, softmax and losses, forward and backward.
"""

from pathlib import Path
from typing import Any

import numpy as np

import minicnn as mc
from minicnn.viz.canvas import BLUE, GREY, ORANGE, new_figure

HERE = Path(__file__).parent


def losses_and_slopes(scores: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """For each score, the loss and its slope if the answer should have been yes."""
    z, yes = scores[:, None], np.ones(len(scores))
    sigmoid = mc.Sigmoid()
    sigmoid.build((1,), np.random.default_rng(0))
    surprise, square = mc.BinaryCrossentropy(from_logits=True), mc.MeanSquaredError()
    p, cache = sigmoid.forward(z)

    def one_by_one(loss: Any, y_pred: np.ndarray) -> np.ndarray:
        return np.array([float(loss.forward(row[None], [1])[0]) for row in y_pred])

    _, surprise_cache = surprise.forward(z, yes)
    _, square_cache = square.forward(p, yes)
    back = sigmoid.backward(square.backward(square_cache), cache)[0]
    count = len(scores)  # the losses are means: undo the division
    return {
        "cross-entropy": (one_by_one(surprise, z), count * surprise.backward(surprise_cache)[:, 0]),
        "squared error": (one_by_one(square, p), count * back[:, 0]),
    }


def draw_surprise() -> Any:
    """The sigmoid; below it two losses; below those their slopes."""
    z = np.linspace(-6, 6, 241)
    sigmoid = mc.Sigmoid()
    sigmoid.build((1,), np.random.default_rng(0))
    figure = new_figure(5.4, 6.6)
    top, middle, bottom = figure.subplots(3, 1, sharex=True)
    top.plot(z, sigmoid(z[:, None])[:, 0], color="black", linewidth=2.2)
    top.plot([np.log(3)], [0.75], "o", color="black", markersize=7)
    top.annotate("odds 3 to 1: p = 0.75", (np.log(3), 0.75), (1.5, 0.66), fontsize=11)
    top.set_title("the probability p, from the score z", fontsize=12, loc="left")
    top.set(ylim=(-0.05, 1.05), yticks=[0, 0.5, 1])
    styles = {"cross-entropy": (BLUE, "-"), "squared error": (ORANGE, "--")}
    for name, (loss, slope) in losses_and_slopes(z).items():
        colour, line = styles[name]
        middle.plot(z, loss, line, color=colour, linewidth=2.4, label=name)
        bottom.plot(z, slope, line, color=colour, linewidth=2.4)
    middle.set_title("the loss, when the answer should be yes", fontsize=12, loc="left")
    middle.legend(frameon=False, fontsize=11)
    bottom.set_title("its slope: how hard the score is pushed", fontsize=12, loc="left")
    bottom.annotate("p − 1", (-5.7, -0.9), fontsize=11, color=BLUE)
    bottom.annotate(
        "wrong and sure of it,\nyet hardly pushed",
        (-4.6, -0.04),
        (-5.7, -0.5),
        fontsize=11,
        color="#8a5a00",
        arrowprops={"arrowstyle": "->", "color": "#8a5a00"},
    )
    bottom.set(ylim=(-1.08, 0.08), yticks=[-1, -0.5, 0])
    bottom.set_xlabel("score z   (sure of no  ←   → sure of yes)", fontsize=12)
    for axes in (top, middle, bottom):
        axes.axvline(0, color=GREY, linewidth=0.8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=11)
    return figure


def draw_softmax() -> Any:
    """Three scores, the probabilities made of them, and the push that each score gets."""
    names = ["cat", "dog", "bird"]
    scores = np.log([[1.0, 2.0, 5.0]])
    truth = np.array([[0.0, 1.0, 0.0]])
    softmax, loss = mc.Softmax(), mc.CategoricalCrossentropy(from_logits=True)
    softmax.build((3,), np.random.default_rng(0))
    push = -loss.backward(loss.forward(scores, truth)[1])[0]
    figure = new_figure(5.4, 3.3)
    panels = figure.subplots(1, 3, sharey=True)
    shown = [
        ("score z", scores[0], "#c8c8c8"),
        ("probability p", softmax(scores)[0], BLUE),
        ("push t − p", push, ORANGE),
    ]
    for axes, (title, values, colour) in zip(panels, shown, strict=True):
        axes.barh([0, 1, 2], values, color=colour, edgecolor="black", linewidth=0.8, height=0.6)
        axes.axvline(0, color="black", linewidth=1)
        axes.set_title(title, fontsize=12)
        axes.set_xlim((-1.7, 1.7) if colour == ORANGE else (0, max(values) * 1.55))
        axes.set_xticks([])
        axes.spines[:].set_visible(False)
        axes.tick_params(left=False)
        for row, value in enumerate(values):
            side = "left" if value >= 0 else "right"
            gap = 0.06 * (axes.get_xlim()[1]) * (1 if value >= 0 else -1)
            text = f"{value:+.3f}" if colour == ORANGE else f"{value:.3f}"
            axes.text(value + gap, row, text, ha=side, va="center", fontsize=10)
    panels[0].set_yticks([0, 1, 2], names, fontsize=12)
    panels[0].invert_yaxis()
    panels[0].get_yticklabels()[1].set_fontweight("bold")
    return figure


def main() -> None:
    """Both pictures, beside this script."""
    for name, figure in (("surprise", draw_surprise()), ("softmax", draw_softmax())):
        figure.savefig(HERE / f"06-{name}.png", dpi=130, metadata={"Software": None})


if __name__ == "__main__":
    main()
