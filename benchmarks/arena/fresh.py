"""Start-up and peak memory: figures that only a fresh process can give."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.arena.opponents import Entry
from benchmarks.arena.worker import Worker

STEPS = 10


@dataclass(frozen=True)
class FirstSteps:
    """Medians over several fresh processes of one entry."""

    workload: str
    entry: str
    import_seconds: float  # from nothing to a worker that has imported its framework
    start_seconds: float  # from nothing to the end of the first training step
    import_peak_bytes: int
    train_peak_bytes: int  # after STEPS training steps


def first_steps(entry: Entry, workload: str, threads: int, times: int = 1) -> FirstSteps:
    runs = [_one(entry, workload, threads) for _ in range(times)]
    imported, started, bare, peak = (median(column) for column in zip(*runs, strict=True))
    return FirstSteps(workload, entry.name, imported, started, int(bare), int(peak))


def _one(entry: Entry, workload: str, threads: int) -> Sequence[float]:
    with Worker(entry, threads) as worker:
        imported = time.perf_counter() - worker.started
        bare = worker.ask("memory")["peak"]
        # No weights file: reading one would count as the framework's memory.
        worker.ask("prepare", workload=workload, batch=None, image=None)
        worker.ask("run", task="train", steps=1)
        started = time.perf_counter() - worker.started
        worker.ask("run", task="train", steps=STEPS - 1)
        return imported, started, bare, worker.ask("memory")["peak"]
