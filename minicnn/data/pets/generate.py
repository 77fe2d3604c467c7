"""``drawn_pets``: the data set, drawn on every core.

Pillow draws shapes while it holds Python's lock, so threads would take turns. The pictures are
shared out to processes instead, and these are started as commands of their own
(``python -m minicnn.data.pets.worker``), neither forked nor "spawned": a fork is unsafe beside
the threads of a BLAS, and a spawned child runs the caller's script again unless it is guarded.
A share whose process cannot be had, or fails, is drawn here: the answer is the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np

from minicnn.cores import available_cores, can_start_threads
from minicnn.data.pets.job import Job
from minicnn.data.pets.knobs import Knobs
from minicnn.errors import ConfigError
from minicnn.typing import Array, Pair

SMALLEST = 16  # pixels: below this no eye can be seen
WORTH_A_PROCESS = 100  # pictures: starting a process takes as long as drawing about this many
DEFAULT = Knobs()


def drawn_pets(
    n: int,
    image_size: Pair = (150, 150),
    seed: int = 0,
    *,
    knobs: Knobs = DEFAULT,
    redrawn: Mapping[str, int] | None = None,
    colour_tells: bool = False,
    workers: int | None = None,
) -> tuple[Array, Array]:
    """Draw ``n`` pictures of cats (label 0) and dogs (label 1), as many of each.

    Gives ``x`` (n, H, W, 3) as ``uint8`` and ``y`` (n,) as ``int64``. Picture ``i`` of a seed is
    always the same, whatever ``n`` and ``workers`` (the number of processes, by default one for
    each core), so ``drawn_pets(1000, seed=1)`` are pictures that seed 0 has never shown.
    ``knobs`` says how hard the pictures are. Their mean colours say nothing about the class.

    ``redrawn={"light": 7}`` draws that nuisance from seed 7 and all else from ``seed``: the very
    same pictures in another light. ``colour_tells=True`` makes the careless data set of which the
    notes warn: cats are blue grey and dogs red more often than not, and the camera leaves it so.

    >>> x, y = drawn_pets(4, image_size=(32, 48))
    >>> x.shape, x.dtype, y.sum()
    ((4, 32, 48, 3), dtype('uint8'), np.int64(2))
    """
    height, width = size = checked(n, image_size, seed, knobs, workers)
    job = Job(int(seed), size, knobs, other_seeds(redrawn), bool(colour_tells))
    from minicnn.data.pets.picture import label_of

    x = np.empty((n, height, width, 3), np.uint8)
    y = np.array([label_of(number, seed) for number in range(n)], np.int64)
    processes = workers or available_cores()
    shares = max(1, min(processes, n // WORTH_A_PROCESS)) if can_start_threads() else 1
    bounds = [n * share // shares for share in range(shares + 1)]
    with ThreadPoolExecutor(max_workers=shares) as pool:  # each waits for one process's pictures
        elsewhere = [
            (start, stop, pool.submit(_drawn_elsewhere, x, start, stop, job))
            for start, stop in pairwise(bounds[1:])
        ]
        _draw_here(x, 0, bounds[1], job)
        for start, stop, arrived in elsewhere:
            if not arrived.result():
                _draw_here(x, start, stop, job)
    return x, y


def _draw_here(x: Array, start: int, stop: int, job: Job) -> None:
    from minicnn.data.pets.picture import draw_picture  # Pillow loads when a picture is wanted

    for number in range(start, stop):
        x[number] = draw_picture(number, job)


def _drawn_elsewhere(x: Array, start: int, stop: int, job: Job) -> bool:
    """Fill x[start:stop] from a process; False if that did not work."""
    if not sys.executable or getattr(sys, "frozen", False):
        return False  # an embedded Python has no command to start
    here = str(Path(__file__).parents[3])
    paths = [here, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"}
    worker = [sys.executable, "-P", "-m", "minicnn.data.pets.worker"]
    command = [*worker, job.as_json(), str(start), str(stop)]
    try:
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        ) as process:
            assert process.stdout is not None
            room = x[start:stop].reshape(-1).data
            filled = 0
            while filled < len(room):
                came = process.stdout.readinto(room[filled:])  # type: ignore[attr-defined]
                if not came:
                    break
                filled += came
        return filled == len(room) and process.returncode == 0
    except OSError:
        return False


def checked(n: int, image_size: Pair, seed: int, knobs: Knobs, workers: int | None) -> Pair:
    """The picture's height and width, if all that was asked for makes sense."""
    if not _is_whole(n) or n < 1:
        raise ConfigError(
            f"drawn_pets: expected n to be a whole number of pictures of at least 1, got {n!r}; "
            "ask for drawn_pets(2000), say"
        )
    size = tuple(image_size) if isinstance(image_size, tuple | list) else ()
    if len(size) != 2 or not all(_is_whole(side) and side >= SMALLEST for side in size):
        raise ConfigError(
            f"drawn_pets: expected image_size as (height, width) in whole pixels, each at least "
            f"{SMALLEST}, got {image_size!r}; try (150, 150)"
        )
    if not _is_whole(seed):
        raise ConfigError(
            f"drawn_pets: expected seed to be a whole number, got {seed!r}; give 0, or any other"
        )
    if not isinstance(knobs, Knobs):
        raise ConfigError(
            f"drawn_pets: expected knobs to be a Knobs, got {knobs!r}; "
            'give Knobs(clutter=0.8) or Knobs.only("light")'
        )
    if workers is not None and (not _is_whole(workers) or workers < 1):
        raise ConfigError(
            f"drawn_pets: expected workers to be a number of processes of at least 1, or None for "
            f"one on each core, got {workers!r}; leave it out"
        )
    return int(size[0]), int(size[1])


def other_seeds(redrawn: Mapping[str, int] | None) -> dict[str, int]:
    """A seed for each nuisance that is not drawn from the data set's own."""
    seeds = {} if redrawn is None else redrawn
    if not isinstance(seeds, Mapping) or not all(
        name in Knobs.names() and _is_whole(seed) for name, seed in seeds.items()
    ):
        raise ConfigError(
            f"drawn_pets: expected redrawn to name nuisances ({', '.join(Knobs.names())}), each "
            f'with a whole number as its seed, got {redrawn!r}; give {{"light": 7}}, say'
        )
    return {name: int(seed) for name, seed in seeds.items()}


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
