"""How far does the network's answer move when only the picture changes, and not the animal?

    python examples/invariance.py                 trains the network first: two minutes
    python examples/invariance.py --model FILE    takes one that was saved

It writes invariance.png (or --out FILE) and prints how many answers stay as they were.
"""

import argparse
from pathlib import Path

import numpy as np

import minicnn as mc
from minicnn import viz


def trained(pictures):
    """The cat/dog network after five epochs of drawn pets."""
    model = mc.zoo.catdog(seed=0)
    model.compile(mc.RMSprop(1e-3), "binary_crossentropy", ["accuracy"])
    model.fit(*mc.data.drawn_pets(pictures, seed=0), batch_size=20, epochs=5, verbose=2)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="a saved cat/dog network; else one is trained")
    parser.add_argument("--training", type=int, default=2000, help="how many pets to train on")
    parser.add_argument("--pictures", type=int, default=200, help="how many pets to change")
    parser.add_argument("--out", type=Path, default=Path("invariance.png"))
    args = parser.parse_args()

    model = mc.load_model(args.model) if args.model else trained(args.training)
    x, _ = mc.data.drawn_pets(args.pictures, seed=1)
    found = mc.explain.invariance(model, x)  # no labels: each picture is compared with itself
    print(f"Of {len(x)} answers stay:")
    for name, movement in found.items():
        stays = [
            f"{amount:g}: {share:.0%}"
            for amount, share in zip(movement.amounts, movement.kept.mean(axis=1), strict=True)
        ]
        print(f"{name:9} ({movement.unit})  {'  '.join(stays)}")
    shown = x[np.argmin(model.predict(x)[:, 0])]  # the one that it is surest is a cat
    viz.invariance(found, ["cat", "dog"], shown).savefig(args.out, dpi=110)
    print(f"Written: {args.out}")
    print("At half the size stay, by what is seen beyond the border:")
    for fill in ("mean colour", "reflect", "nearest"):
        asked = None if fill == "mean colour" else fill
        there = mc.explain.invariance(model, x, {"scale": [0.5]}, asked)["scale"]
        cats, dogs = (there.kept[0, there.classes == k] for k in (0, 1))
        print(f"{fill:12} {cats.sum()} of {len(cats)} cats, {dogs.sum()} of {len(dogs)} dogs")


if __name__ == "__main__":
    main()
