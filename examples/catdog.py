"""Cats against dogs, from pictures to a trained classifier.

    python examples/catdog.py                 pictures drawn on the spot: about two minutes
    python examples/catdog.py --data DIR      photographs, in a folder for each class
    python examples/catdog.py --download      the 3000 photographs of the well-known exercise

It ends with the accuracy, and with plots, a report and a saved model in runs/catdog (or --out DIR).
Ctrl-C saves; the same command with --resume goes on.
"""

import argparse
import sys
from pathlib import Path

import minicnn as mc
from minicnn import viz


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder of photographs; else drawn pets")
    parser.add_argument("--download", action="store_true", help="fetch photographs into data/")
    parser.add_argument("--pictures", type=int, default=3000, help="how many pets to draw")
    parser.add_argument("--augment", nargs="?", const="classic", help="vary the training pictures")
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backend", default="numpy", help="cupy: on the GPU")
    parser.add_argument("--out", type=Path, default=Path("runs/catdog"))
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    return parser.parse_args()


def pictures(args):
    """To train on, to validate on, and the classes."""
    options = {"batch_size": 20, "seed": args.seed, "augment": args.augment}
    folder = mc.data.cats_and_dogs() if args.download else args.data
    if folder:
        training, validation = mc.data.ImageFolder.pair(folder, **options)
        return training, validation, training.classes
    print(f"Drawing {args.pictures} pets ...")
    x, y = mc.data.drawn_pets(args.pictures, seed=args.seed)
    cut = len(x) * 2 // 3
    training = mc.data.Pictures(x[:cut], y[:cut], **options)
    return training, mc.data.Pictures(x[cut:], y[cut:], shuffle=False), ("cat", "dog")


def main():
    args = arguments()
    mc.use_backend(args.backend)
    training, validation, classes = pictures(args)
    model = mc.zoo.catdog(seed=args.seed, dropout=args.dropout)
    model.class_names = classes
    model.summary(batch_size=20)
    model.compile(mc.RMSprop(1e-3), loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(
        training, epochs=args.epochs, validation_data=validation, verbose=2,
        callbacks=[mc.ModelCheckpoint(args.out / "run.ckpt"), mc.Report(args.out / "report.html")],
        resume=args.resume,
    )  # fmt: skip

    model.save(args.out / "model.safetensors")
    x, y = validation.arrays()
    answers = model.predict(x)
    table = mc.metrics.confusion_matrix(y, answers)
    viz.curves(history).savefig(args.out / "curves.png")
    viz.confusion(table, classes).savefig(args.out / "confusion.png")
    viz.mistakes(x, y, answers, classes).savefig(args.out / "mistakes.png")

    print(f"\nAccuracy on {len(x)} pictures never trained on: {mc.metrics.accuracy(table):.1%}")
    by_colour = mc.data.rgb_baseline(*training.arrays(), x, y)
    print(f"A classifier on the average colour alone: {by_colour:.1%}")
    print(f"Plots and the model: {args.out}; the whole run on one page: {args.out}/report.html")


if __name__ == "__main__":
    try:
        main()
    except mc.MinicnnError as error:
        sys.exit(f"catdog: {error}")
    except KeyboardInterrupt as stop:
        sys.exit(f"{stop} (here: the same command and --resume)" if str(stop) else "stopped")
