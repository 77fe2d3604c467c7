"""Handwritten digits, above 99 % on the 10,000 test digits within five epochs.

    python examples/mnist.py DIR

DIR holds the four files of MNIST: train-images-idx3-ubyte.gz and its companions.
"""

import argparse
import gzip
from pathlib import Path

import numpy as np

import minicnn as mc


def read_idx(path: Path) -> np.ndarray:
    """An idx file: two zero bytes, the type, the number of axes, their lengths, the numbers."""
    raw = gzip.decompress(path.read_bytes())
    axes = raw[3]
    shape = np.frombuffer(raw, ">u4", axes, offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(shape)


def read_digits(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    images = read_idx(folder / f"{part}-images-idx3-ubyte.gz")
    return images[..., None], read_idx(folder / f"{part}-labels-idx1-ubyte.gz")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder with MNIST's four .gz files")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--samples", type=int, default=60_000, help="train on the first so many")
    args = parser.parse_args()

    x, y = read_digits(args.data, "train")
    x_test, y_test = read_digits(args.data, "t10k")
    x, y = x[: args.samples], y[: args.samples]

    model = mc.Sequential([
        mc.Conv2D(24, 3, activation="relu"), mc.MaxPool2D(2),
        mc.Conv2D(48, 3, activation="relu"), mc.MaxPool2D(2),
        mc.Flatten(), mc.Dropout(0.4),
        mc.Dense(128, activation="relu"), mc.Dropout(0.4),
        mc.Dense(10, activation="softmax"),
    ], input_shape=(28, 28, 1), seed=0)  # fmt: skip
    model.summary(batch_size=64)

    steps = args.epochs * -(-len(x) // 64)
    model.compile(
        optimizer=mc.Adam(mc.CosineDecay(2e-3, steps)),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(x, y, batch_size=64, epochs=args.epochs, verbose=2)

    results = model.evaluate(x_test, y_test, batch_size=256)
    print(f"test accuracy {results['accuracy']:.2%} on {len(x_test):,} digits")


if __name__ == "__main__":
    main()
