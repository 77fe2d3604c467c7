"""How long pictures take: decoded, from the cache, and augmented, on one thread.

    python benchmarks/pictures.py DIR [RECIPE]

``DIR`` is a folder of pictures as ``ImageFolder`` takes it. The cache is a temporary one.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable

from minicnn.data import ImageFolder


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def one_epoch(dataset: ImageFolder) -> None:
    for _ in dataset.epoch(0):
        pass


def main(root: str, recipe: str = "classic") -> None:
    with tempfile.TemporaryDirectory() as cache:
        first = seconds(lambda: ImageFolder(root, cache=cache))
        second = seconds(lambda: ImageFolder(root, cache=cache))
        dataset = ImageFolder(root, cache=cache, augment=recipe, threads=0)
        augmented = min(seconds(lambda: one_epoch(dataset)) for _ in range(3))
        dataset.augment = None
        plain = min(seconds(lambda: one_epoch(dataset)) for _ in range(3))
    count = len(dataset.labels)
    print(f"{count} pictures of {dataset.image_size}")
    for name, taken in [
        ("opened the first time, on every core", first),
        ("opened again, checked against its digests", second),
        ("an epoch without augmentation, one thread", plain),
        (f"an epoch with {recipe!r}, one thread", augmented),
    ]:
        print(f"{name:45}{taken:8.3f} s {taken / count * 1e3:8.3f} ms a picture")


if __name__ == "__main__":
    main(*sys.argv[1:])
