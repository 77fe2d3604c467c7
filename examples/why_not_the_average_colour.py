"""Why not the average colour? Because of all that changes it and is no animal. Seen in pictures.

    python examples/why_not_the_average_colour.py                 trains first: three minutes
    python examples/why_not_the_average_colour.py --model FILE    takes a saved network: one

The colours *do* tell in these pictures: cats are blue grey and dogs red, four in five, in a quiet
room in even light. A classifier on average colours and a network learn from the same calm pictures;
a second network has learnt from hard ones (the drawn pets as they come). Then each nuisance is
turned up, for animals that nobody was trained on. Three figures go to --out.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

import minicnn as mc
from minicnn import viz

CALM = mc.data.Knobs.all(0.1)
CLASSES = ("cat", "dog")
LEVELS = (0, 0.25, 0.5, 0.75, 1)
AGAIN = {"light": "other light", "viewpoint": "other angle", "clutter": "other background"}


def pets(count, seed, redrawn=None, **knobs):
    """Calm pictures, but for the knobs that are turned; the colours tell who it is."""
    knobs = replace(CALM, **knobs)
    return mc.data.drawn_pets(count, seed=seed, knobs=knobs, redrawn=redrawn, colour_tells=True)


def trained(pictures, epochs):
    model = mc.zoo.catdog(seed=0)
    model.compile(mc.RMSprop(1e-3), "binary_crossentropy", ["accuracy"])
    model.fit(*pictures, batch_size=20, epochs=epochs, verbose=2)
    return model


def same_animals(x, y, classifiers, out):
    """One cat and one dog, seen again in another light, from elsewhere, before something else."""
    first, labels = pets(2, seed=3)
    again = {name: [pets(2, 3, {name: s}, **{name: 1})[0] for s in range(4, 16)] for name in AGAIN}
    rows, captions = [], []
    for who in np.argsort(labels):  # the cat, then the dog
        rows.append([first[who], *(take[who] for takes in again.values() for take in takes[:2])])
        row = np.stack(rows[-1])
        lines = [[f"moved {far:.1f}" for far in mc.data.colour_shift(x, y, row[0], row)]]
        for name, classifier in classifiers.items():
            found = (classifier.predict(row)[:, 0] > 0.5).astype(int)
            wrong = np.where(found == labels[who], "", ", wrong")
            lines.append([f"{name}: {CLASSES[k]}{w}" for k, w in zip(found, wrong, strict=True)])
        captions.append(["\n".join(texts) for texts in zip(*lines, strict=True)])
    titles = ["as it is", *np.repeat(list(AGAIN.values()), 2)]
    viz.average_colour(np.array(rows), titles, captions).savefig(out / "same-animals.png", dpi=110)
    cat = np.argmin(labels)  # twelve times in each way
    seen = {AGAIN[n]: np.stack([first[cat], *(t[cat] for t in again[n])]) for n in AGAIN}
    viz.colour_clouds(x, y, CLASSES, seen).savefig(out / "colour-clouds.png", dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="a network trained on hard pictures")
    parser.add_argument("--training", type=int, default=2000, help="how many of them, without one")
    parser.add_argument("--pictures", type=int, default=200, help="to try each level on")
    parser.add_argument("--out", type=Path, default=Path("."))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    x, y = pets(3 * args.pictures, seed=2)
    colour, network = mc.data.RGBClassifier(x, y), trained((x, y), epochs=3)
    same_animals(x, y, {"average": colour, "network": network}, args.out)
    pictures = None if args.model else mc.data.drawn_pets(args.training, seed=0)
    hard = mc.load_model(args.model) if args.model else trained(pictures, epochs=5)
    who = {"average colour": colour, "network, same pictures": network, "network, hard ones": hard}
    right = {name: {label: [] for label in who} for name in CALM.names()}
    for name, lines in right.items():
        for level in LEVELS:
            x, y = pets(args.pictures, seed=4, **{name: level})
            for label, classifier in who.items():
                lines[label].append(np.mean((classifier.predict(x)[:, 0] > 0.5) == y))
        print(name, {label: [f"{share:.1%}" for share in lines[label]] for label in who})
    viz.nuisances(LEVELS, right).savefig(args.out / "nuisances.png", dpi=110)


if __name__ == "__main__":
    main()
