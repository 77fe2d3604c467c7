"""How long training waits for its pictures: the real loop, the real engine, one command.

    python benchmarks/data_wait.py DIR [--epochs 4] [--threads N]

Trains the mission's network (batch 20) on the photographs of DIR, as they are and augmented, and
measures, from the second epoch on, what share of an epoch passes between asking the data set for
a batch and having it. In the first epoch the system may still be reading the file.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import minicnn as mc
from minicnn.data import Batch


class Watched:
    """A data set that notes how long each epoch takes, and how long was spent waiting for it."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.epochs: list[tuple[float, float]] = []  # (waited, all of it) in seconds

    def __len__(self) -> int:
        return len(self.data)

    def epoch(self, epoch: int) -> Iterator[Batch]:
        began, waited = time.perf_counter(), 0.0
        batches = iter(self.data.epoch(epoch))
        while True:
            asked = time.perf_counter()
            batch = next(batches, None)
            waited += time.perf_counter() - asked
            if batch is None:
                break
            yield batch  # the training step happens here
        self.epochs.append((waited, time.perf_counter() - began))


def measure(folder: Path, augment: Any, epochs: int) -> list[tuple[float, float]]:
    """(waited, all of it) of each epoch but the first."""
    watched = Watched(mc.data.ImageFolder(folder, subset="train", augment=augment))
    model = mc.zoo.catdog()
    model.compile(mc.RMSprop(1e-3), "binary_crossentropy", ["accuracy"])
    model.fit(watched, epochs=epochs, verbose=0)
    return watched.epochs[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="with train/ in it")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--threads", type=int, help="cores to use (default: all there are)")
    args = parser.parse_args()
    mc.set_threads(args.threads)
    print(f"{mc.get_threads()} threads, load of the machine before: {os.getloadavg()[0]:.1f}")
    for name, augment in (("as they are", None), ("mild", "mild"), ("classic", "classic")):
        epochs = measure(args.folder, augment, args.epochs)
        waited, whole = (sum(seconds) for seconds in zip(*epochs, strict=True))
        shares = ", ".join(f"{w / a:.2%}" for w, a in epochs)
        print(
            f"{name}: waited {waited / whole:.2%} of the time ({shares}), "
            f"{whole / len(epochs):.1f} s an epoch"
        )


if __name__ == "__main__":
    main()
