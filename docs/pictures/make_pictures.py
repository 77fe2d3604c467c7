"""Make the pictures of ``docs/looking-inside.md``: what a trained network sees, of drawn pets.

    python docs/pictures/make_pictures.py                 trains the network first: six minutes
    python docs/pictures/make_pictures.py --model FILE    takes one that was saved
    python docs/pictures/make_pictures.py --quick         only those that need none: one minute

Run from anywhere. The numbers that the page quotes are printed.
"""

import argparse
import io
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import minicnn as mc
from minicnn import viz
from minicnn.training import History

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
CLASSES = ["cat", "dog"]
LIMIT = 240_000  # bytes of a picture


def trained() -> mc.Sequential:
    """The network of the page, as ``examples/catdog.py --epochs 5`` trains it."""
    model = mc.zoo.catdog(seed=0)
    model.compile(mc.RMSprop(1e-3), "binary_crossentropy", ["accuracy"])
    x, y = mc.data.drawn_pets(2000, seed=0)
    model.fit(x, y, batch_size=20, epochs=5, verbose=2)
    return model


def learnt_by_heart() -> History:
    """A small network that gets too few pictures, for too long."""
    size = (48, 48)
    layers = [
        *(mc.Conv2D(16, 3, activation="relu"), mc.MaxPool2D(2)),
        *(mc.Conv2D(32, 3, activation="relu"), mc.MaxPool2D(2)),
        *(mc.Flatten(), mc.Dense(64, activation="relu"), mc.Dense(1, activation="sigmoid")),
    ]
    model = mc.Sequential(layers, input_shape=(*size, 3), seed=0)
    model.compile(mc.Adam(1e-3), "binary_crossentropy", ["accuracy"])
    x, y = mc.data.drawn_pets(100, image_size=size, seed=0)
    new = mc.data.drawn_pets(200, image_size=size, seed=1)
    return model.fit(x, y, batch_size=20, epochs=40, validation_data=new, verbose=0)


def first_gradients() -> mc.GradientNorms:
    """The lengths of the gradients in the first 90 steps of a network like it."""
    norms = mc.GradientNorms()
    model = mc.zoo.catdog(seed=0)
    model.compile(mc.RMSprop(1e-3), "binary_crossentropy", gradients=[norms])
    model.fit(*mc.data.drawn_pets(600, seed=0), batch_size=20, epochs=3, verbose=0)
    return norms


def keep(figure: object, name: str, dpi: int = 90) -> None:
    """Save a figure beside this script, in so few colours that it stays small."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=dpi, facecolor="white")  # type: ignore[attr-defined]
    shrink(Image.open(file), name)


def keep_from(example: str, model: Path) -> None:
    """The figures that an example leaves, and what it says."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(EXAMPLES / example), "--model", str(model)]
        subprocess.run(command, cwd=folder, check=True)
        for file in sorted(Path(folder).glob("*.png")):
            shrink(Image.open(file), file.stem)


def shrink(picture: Image.Image, name: str) -> None:
    """Write a picture beside this script with as many colours as there is room for."""
    picture = picture.convert("RGB")
    for colours in (256, 128, 64, 32, 16):
        small = io.BytesIO()
        picture.quantize(colours, kmeans=1, dither=Image.Dither.NONE).save(
            small, "png", optimize=True
        )
        if small.tell() < LIMIT:
            break
    (HERE / f"{name}.png").write_bytes(small.getvalue())
    print(f"{name}.png: {picture.width}×{picture.height}, {small.tell() / 1000:.0f} kB")


def without_the_network() -> None:
    """The pictures of the page for which nobody has to wait."""
    keep(viz.diagram(mc.zoo.catdog(seed=0)), "diagram")
    history = learnt_by_heart()
    for name, values in history.history.items():
        print(f"{name:12} least {min(values):.3f}, most {max(values):.3f}, last {values[-1]:.3f}")
    keep(viz.curves(history), "curves")
    keep(viz.gradient_flow(first_gradients()), "gradient-flow")


def main() -> None:
    """Train or load, and draw everything."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, help="a model file; without it, one is trained")
    parser.add_argument("--quick", action="store_true", help="only what needs no trained network")
    args = parser.parse_args()
    path = args.model
    without_the_network()
    if args.quick:
        return
    model = trained() if path is None else mc.load_model(path)
    with tempfile.TemporaryDirectory() as folder:
        model.save(file := Path(folder) / "model.safetensors")
        for example in ("edges.py", "invariance.py", "why_not_the_average_colour.py"):
            keep_from(example, file)
    x, y = mc.data.drawn_pets(1000, seed=1)  # pictures it was never shown
    p = model.predict(x)
    table = mc.metrics.confusion_matrix(y, p)
    print(f"cats and dogs, taken for cats and dogs: {table.tolist()}")
    tables = {t: mc.metrics.confusion_matrix(y, p, t) for t in np.unique(p)}
    best = max(tables, key=lambda t: mc.metrics.accuracy(tables[t]))
    print(f"best threshold {best:.3f}: {mc.metrics.accuracy(tables[best]):.1%}")
    print(f"accuracy {mc.metrics.accuracy(table):.1%}, area {mc.metrics.auc(y, p):.4f}")

    keep(viz.filters(model["conv2d_1"]), "filters-1")
    keep(viz.filters(model["conv2d_2"], count=12), "filters-2")
    keep(viz.feature_maps(model, x[1]), "feature-maps", dpi=96)
    keep(
        viz.exciting(model, x[:300], "conv2d_3", filters=strongest(model, x[:40]), count=7),
        "exciting",
    )
    shown = x[1:5]
    captions = [
        f"is {CLASSES[k]}, gets {v if k else 1 - v:.1%}"
        for k, v in zip(y[1:5], p[1:5, 0], strict=True)
    ]
    maps = {
        "Grad-CAM": mc.explain.gradcam(model, shown),
        "place by place": mc.explain.gradcam(model, shown, average=False),
        "occlusion": mc.explain.occlusion(model, shown),
        "saliency": mc.explain.saliency(model, shown),
    }
    keep(viz.evidence(shown, maps, captions), "evidence", dpi=70)
    keep(viz.confusion(table, CLASSES), "confusion")
    keep(viz.mistakes(x, y, p, CLASSES, count=8), "mistakes", dpi=70)
    keep(viz.least_sure(x, y, p, CLASSES, count=8), "least-sure", dpi=70)
    keep(viz.roc(y, p), "roc")
    keep(viz.precision_recall(y, p), "precision-recall")
    keep(viz.calibration(y, p), "calibration")
    keep(viz.augmentation(x[1:4], "classic"), "augmentation", dpi=70)

    grey = np.full((1, *x.shape[1:]), 128, np.uint8)
    print(f"plain grey is a dog with {model.predict(grey)[0, 0]:.0%}")
    beginning = mc.zoo.catdog(seed=0).params
    for path, W in model.params.items():
        if path.endswith("W"):
            alike = np.corrcoef(W.ravel(), beginning[path].ravel())[0, 1]
            print(f"{path:12} correlation with its beginning {alike:.2f}")
    for layer, out in model.layer_outputs(x[:100]).items():
        print(f"{layer:12} zeros {np.mean(out == 0):.0%}, never awake {dead(out):.0%} of its maps")


def strongest(model: mc.Sequential, x: np.ndarray) -> list[int]:
    """Four filters of the last convolution, spread over those that answer at all."""
    answers = model.layer_outputs(x)["conv2d_3"].max(axis=(0, 1, 2))
    awake = np.flatnonzero(answers > 0.2 * answers.max())
    return [int(awake[k * len(awake) // 4]) for k in range(4)]


def dead(out: np.ndarray) -> float:
    """The share of maps (or single numbers) that are 0 for all these pictures."""
    return float((np.abs(out).reshape(-1, out.shape[-1]).max(axis=0) == 0).mean())


if __name__ == "__main__":
    main()
