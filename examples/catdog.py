"""Cats against dogs, from pictures to a trained classifier.

    python examples/catdog.py                 pictures drawn on the spot: about two minutes
    python examples/catdog.py --data DIR      photographs: DIR/train/<class>, DIR/validation/<class>

It ends with the accuracy, plots and a saved model in runs/catdog (or --out DIR).
"""

import argparse
from pathlib import Path

import minicnn as mc
from minicnn import viz

CLASSES = ["cat", "dog"]


def pictures(args):
    """(training pictures, labels), (validation pictures, labels), class names."""
    if args.data:
        train, validation = (
            mc.data.ImageFolder(args.data / part) for part in ("train", "validation")
        )
        return train.arrays(), validation.arrays(), train.classes
    print(f"Drawing {args.pictures} pets ...")
    x, y = mc.data.drawn_pets(args.pictures, seed=args.seed)
    cut = len(x) * 2 // 3
    return (x[:cut], y[:cut]), (x[cut:], y[cut:]), CLASSES


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder of photographs; without it, drawn pets")
    parser.add_argument("--pictures", type=int, default=3000, help="how many pets to draw")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/catdog"))
    args = parser.parse_args()

    (x, y), (x_val, y_val), classes = pictures(args)
    by_colour = mc.data.rgb_baseline(x, y, x_val, y_val)
    print(f"A classifier on the average colour alone: {by_colour:.1%}\n")

    model = mc.zoo.catdog(seed=args.seed, dropout=args.dropout)
    model.summary(batch_size=20)
    model.compile(mc.RMSprop(1e-3), loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(
        x, y, batch_size=20, epochs=args.epochs, validation_data=(x_val, y_val), verbose=2
    )

    answers = model.predict(x_val)
    table = mc.metrics.confusion_matrix(y_val, answers)
    args.out.mkdir(parents=True, exist_ok=True)
    viz.curves(history).savefig(args.out / "curves.png")
    viz.confusion(table, classes).savefig(args.out / "confusion.png")
    viz.mistakes(x_val, y_val, answers, classes).savefig(args.out / "mistakes.png")
    model.save(args.out / "model.safetensors")

    print(f"\nAccuracy on {len(x_val)} pictures never trained on: {mc.metrics.accuracy(table):.1%}")
    print(f"The average colour alone: {by_colour:.1%}")
    print(f"Plots and the model: {args.out}")


if __name__ == "__main__":
    main()
