"""Taking turns: A B C A B C, one at a time, everybody else frozen."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.arena.accounting import draw_weights, multiply_adds
from benchmarks.arena.channel import write_weights
from benchmarks.arena.gate import STEPS, differences
from benchmarks.arena.machine import busy_seconds
from benchmarks.arena.opponents import HOME
from benchmarks.arena.worker import Worker, WorkerError
from benchmarks.arena.workloads import WORKLOADS, Workload

MOST_STEPS, LEAST_STEPS = 40, 2


@dataclass(frozen=True)
class Pace:
    rounds: int
    seconds: float  # about as long as one turn takes


@dataclass
class Bout:
    """One task of one workload, and everybody's seconds."""

    workload: str
    task: str
    batch: int
    image: int
    threads: int
    multiply_adds: int
    samples: dict[str, list[list[float]]] = field(default_factory=dict)  # by entry, round, step
    gemm: list[list[float]] = field(default_factory=list)  # the yardstick's turns
    turn_seconds: float = 0.0  # all turns together
    frozen_cpu_seconds: float = 0.0  # used by the frozen workers during others' turns
    outside_cpu_seconds: float = 0.0  # used by processes that have no business here


@dataclass(frozen=True)
class Breakdown:
    """One task of one workload, layer by layer, on minicnn alone."""

    workload: str
    task: str
    batch: int
    turns: list[list[dict[str, Any]]]  # by turn and layer: its name, seconds forward and backward


@dataclass(frozen=True)
class Clocks:
    """Who has used how much processor time so far."""

    wall: float
    frozen: float  # the workers that are not at work
    outside: float  # everything on this machine that is no worker

    @classmethod
    def read(cls, at_work: Worker, everybody: Sequence[Worker]) -> Clocks:
        used = {worker: worker.cpu_seconds() for worker in everybody}
        outside = busy_seconds() - sum(used.values())
        return cls(time.perf_counter(), sum(used.values()) - used[at_work], outside)


@contextmanager
def prepared(
    workers: Sequence[Worker], workload: str, batch: int | None = None, image: int | None = None
) -> Iterator[Workload]:
    """Everybody has built the network from the same weights and has passed the gate.

    If they don't agree the run stops: the time of some other work is worth nothing.
    """
    work = WORKLOADS[workload](batch, image)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "weights.npz")
        write_weights(path, draw_weights(work))
        for worker in workers:
            worker.ask("prepare", workload=workload, batch=batch, image=image, weights=path)
        answers = [(worker.entry, worker.ask("check", steps=STEPS)) for worker in workers]
        if complaints := differences(answers):
            raise WorkerError(f"{workload}: no equal work\n  " + "\n  ".join(complaints))
        yield work  # the file stays until the bout is over: every turn starts from it


def compete(
    workers: Sequence[Worker], yardstick: Worker, work: Workload, task: str, pace: Pace
) -> Bout:
    """One bout of prepared workers. The yardstick has the first turn of each round."""
    bout = Bout(
        workload=work.name,
        task=task,
        batch=work.batch,
        image=work.input_shape[0],
        threads=yardstick.threads,
        multiply_adds=multiply_adds(work, task),
        samples={worker.entry.name: [] for worker in workers},
    )
    everybody = [yardstick, *workers]
    steps = {worker: steps_in_a_turn(worker, task, pace.seconds) for worker in everybody}
    for _ in range(pace.rounds):
        for worker in everybody:
            before = Clocks.read(worker, everybody)
            # Frozen threads wake with cold caches, so the first steps don't count.
            warm = 1 + steps[worker] // 8
            reply = worker.ask("run", task=task, steps=steps[worker], warm=warm)
            turns = bout.gemm if worker is yardstick else bout.samples[worker.entry.name]
            turns.append(reply["seconds"])
            after = Clocks.read(worker, everybody)
            bout.turn_seconds += after.wall - before.wall
            bout.frozen_cpu_seconds += after.frozen - before.frozen
            bout.outside_cpu_seconds += max(0.0, after.outside - before.outside)
    return bout


def break_down(
    workers: Sequence[Worker], work: Workload, task: str, pace: Pace
) -> Iterator[Breakdown]:
    """Where minicnn's own time goes, as many turns as in a bout; the stopwatch costs a little."""
    for worker in workers:
        if worker.entry is HOME:
            steps = steps_in_a_turn(worker, task, pace.seconds)
            turns = [
                worker.ask("layers", task=task, steps=steps)["parts"] for _ in range(pace.rounds)
            ]
            yield Breakdown(work.name, task, work.batch, turns)


def steps_in_a_turn(worker: Worker, task: str, seconds: float) -> int:
    """As many as fill the turn, judged by a trial; the gate has warmed everyone up."""
    trial = worker.ask("run", task=task, steps=2)["seconds"]
    return max(LEAST_STEPS, min(MOST_STEPS, round(seconds / median(trial))))
