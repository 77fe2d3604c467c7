"""Draw the pictures of lesson 12: ``python docs/pictures/course/lesson_12.py`` (a minute).

It trains a small network on drawn pets of 96×96 pixels, and looks inside.
"""

import numpy as np
from plots import BLUE, INK, arrow, bare, box, keep, new_figure

import minicnn as mc
from minicnn import viz

SIZE = (96, 96)
KNOBS = mc.data.Knobs.all(0.3)


def trained() -> mc.Sequential:
    """A network that ends in the means of its maps, as Grad-CAM likes it."""
    model = mc.Sequential([
        mc.Conv2D(12, 3, activation="relu"), mc.MaxPool2D(2),
        mc.Conv2D(24, 3, activation="relu"), mc.MaxPool2D(2),
        mc.Conv2D(48, 3, activation="relu"), mc.MaxPool2D(2),
        mc.Conv2D(64, 3, activation="relu"),
        mc.GlobalAvgPool2D(), mc.Dense(1, activation="sigmoid"),
    ], input_shape=(*SIZE, 3), seed=0)  # fmt: skip
    model.compile(mc.Adam(2e-3), "binary_crossentropy", ["accuracy"])
    model.fit(*mc.data.drawn_pets(600, SIZE, seed=0, knobs=KNOBS), batch_size=20, epochs=14,
              verbose=2)  # fmt: skip
    return model


def main() -> None:
    """Train, and draw everything."""
    chain_rule()
    model = trained()
    x, y = mc.data.drawn_pets(200, SIZE, seed=1, knobs=KNOBS)
    print("accuracy on new pictures", model.evaluate(x, y)["accuracy"])
    shown = x[[int(np.flatnonzero(y == k)[i]) for k, i in ((0, 2), (1, 1))]]
    maps = {
        "saliency": mc.explain.saliency(model, shown),
        "Grad-CAM": mc.explain.gradcam(model, shown),
        "occlusion": mc.explain.occlusion(model, shown, size=12, stride=4),
    }
    keep(viz.evidence(shown, maps, ["a cat", "a dog"]), "12-evidence", dpi=85)
    keep(viz.feature_maps(model, shown[0]), "12-maps", dpi=90)
    truth = mc.data.drawn_truth(200, SIZE, seed=1, knobs=KNOBS).masks
    print(f"the pet covers {truth.mean():.0%} of a picture")
    for name, see in (("saliency", mc.explain.saliency), ("Grad-CAM", mc.explain.gradcam)):
        found = see(model, x)
        print(f"{name}: {(found * truth).sum() / found.sum():.0%} of it lies on the pet")


def chain_rule() -> None:
    """The picture of three pixels, its way to a score, and the way back."""
    figure = new_figure(7.4, 3.5)
    axes = bare(figure.add_subplot())
    axes.set(xlim=(0, 9.4), ylim=(0, 4))
    columns = [
        (0.2, ["1", "2", "0"], ["0", "3", "−3"], "pixels"),
        (2.5, ["−1", "2"], ["0", "3"], "filter (1, −1)"),
        (4.8, ["0", "2"], ["5", "3"], "ReLU"),
        (7.4, ["6"], ["1"], "score, weights 5 and 3"),
    ]
    middles = []
    for x, forward, back, title in columns:
        top = 2.0 + 0.52 * len(forward)
        places = [top - 1.04 * (i + 1) + 0.12 for i in range(len(forward))]
        for y, value, slope in zip(places, forward, back, strict=True):
            box(axes, x, y, 0.75, 0.8, value, fc="#dcebf5", size=14)
            axes.text(x + 0.83, y + 0.08, slope, color="#8a5a00", size=14, weight="bold")
        axes.text(x + 0.35, 3.72, title, size=11, ha="center", color=INK)
        middles.append([(x, y + 0.4) for y in places])
    ways = [[(0, 0), (1, 0), (1, 1), (2, 1)], [(0, 0), (1, 1)], [(0, 0), (1, 0)]]
    for here, there, links in zip(middles[:-1], middles[1:], ways, strict=True):
        for a, b in links:
            start, end = (here[a][0] + 1.3, here[a][1]), (there[b][0] - 0.08, there[b][1])
            arrow(axes, start, end, color="#777777")
    axes.text(0.2, 0.12, "in the boxes: forward", color=BLUE, size=11)
    axes.text(3.2, 0.12, "beside them, in bold: the slope of the score, found from right to left",
              color="#8a5a00", size=11)  # fmt: skip
    keep(figure, "12-by-hand", dpi=130)


if __name__ == "__main__":
    main()
