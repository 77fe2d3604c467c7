"""What is run: the headline first, then the other networks, then how time grows."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from benchmarks.arena import machine
from benchmarks.arena.fresh import FirstSteps, first_steps
from benchmarks.arena.opponents import YARDSTICK, Entry
from benchmarks.arena.turns import Bout, Breakdown, Pace, break_down, compete, prepared
from benchmarks.arena.worker import Worker
from benchmarks.arena.workloads import WORKLOADS
from minicnn.cores import available_cores

TASKS = ("train", "predict")
PARTS = ("networks", "batch", "image", "threads", "memory")  # of everything, but the headline
BATCHES = (1, 4, 16, 64, 256)
IMAGES = (50, 100, 150, 200, 250)
PATIENT_BATCH = 16  # above it, and on large images, entries that need patience stay away


@dataclass
class Results:
    """All that one run measured, raw; ``report`` makes statements of it."""

    headline: list[Bout] = field(default_factory=list)
    networks: list[Bout] = field(default_factory=list)
    by_batch: list[Bout] = field(default_factory=list)
    by_image: list[Bout] = field(default_factory=list)
    by_threads: list[Bout] = field(default_factory=list)
    by_layer: list[Breakdown] = field(default_factory=list)
    first_steps: list[FirstSteps] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def say(text: str) -> None:
    print(f"· {text}", file=sys.stderr, flush=True)


@contextmanager
def gathered(entries: Sequence[Entry], threads: int) -> Iterator[tuple[list[Worker], Worker]]:
    """A warm worker for each entry, and the yardstick."""
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(entry, threads)) for entry in entries]
        yardstick = stack.enter_context(Worker(YARDSTICK, threads))
        yardstick.ask("prepare", workload="lenet", batch=1, image=None)
        yield workers, yardstick


class Arena:
    def __init__(self, entries: Sequence[Entry], pace: Pace) -> None:
        self.entries, self.pace = entries, pace
        self.results = Results()
        self.results.about = {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine.describe(),
            "pace": asdict(pace),
        }
        self._begun = time.perf_counter()

    def quick(self) -> Results:
        """The mission network at its own batch: times, memory, start-up."""
        cores = available_cores()
        with gathered(self.entries, cores) as (workers, yardstick):
            self._note_versions(workers)
            mission = self._bouts(workers, yardstick, "mission", self.pace, layers=True)
            self.results.headline += mission
        self._first_steps("mission", times=1)
        return self._finish()

    def everything(self, parts: Sequence[str] = PARTS) -> Results:
        """The headline, and these parts of the rest."""
        cores = available_cores()
        brief = Pace(max(3, self.pace.rounds // 2), self.pace.seconds / 2)
        quick_ones = [entry for entry in self.entries if not entry.patient]
        results = self.results
        with gathered(self.entries, cores) as (workers, yardstick):
            self._note_versions(workers)
            mission = self._bouts(workers, yardstick, "mission", self.pace, layers=True)
            results.headline += mission
            if "networks" in parts:
                results.networks += self._networks(workers, yardstick)
            fast = [worker for worker in workers if not worker.entry.patient]
            for batch in BATCHES if "batch" in parts else ():
                who = workers if batch <= PATIENT_BATCH else fast
                results.by_batch += self._bouts(who, yardstick, "mission", brief, batch=batch)
            for image in IMAGES if "image" in parts else ():
                results.by_image += self._bouts(fast, yardstick, "mission", brief, image=image)
        for threads in range(1, cores + 1) if "threads" in parts else ():
            with gathered(quick_ones, threads) as (workers, yardstick):
                results.by_threads += self._bouts(workers, yardstick, "mission", brief)
        for name in WORKLOADS if "memory" in parts else ("mission",):
            self._first_steps(name, times=3 if name == "mission" else 1)
        return self._finish()

    def _networks(self, workers: Sequence[Worker], yardstick: Worker) -> Iterator[Bout]:
        yield from self._bouts(workers, yardstick, "mission", self.pace, batch=64)
        for name in WORKLOADS:
            if name != "mission":
                yield from self._bouts(workers, yardstick, name, self.pace, layers=True)

    def _bouts(
        self,
        workers: Sequence[Worker],
        yardstick: Worker,
        workload: str,
        pace: Pace,
        batch: int | None = None,
        image: int | None = None,
        layers: bool = False,
    ) -> Iterator[Bout]:
        with prepared(workers, workload, batch, image) as work:
            size = f"batch {work.batch}, {work.input_shape[0]} px, {yardstick.threads} threads"
            for task in TASKS:
                say(f"{workload} {task}: {size}")
                yield compete(workers, yardstick, work, task, pace)
                if layers:
                    self.results.by_layer += break_down(workers, work, task, pace)

    def _first_steps(self, workload: str, times: int) -> None:
        for entry in self.entries:
            say(f"{workload}: {entry.name} from a fresh process")
            steps = first_steps(entry, workload, available_cores(), times)
            self.results.first_steps.append(steps)

    def _note_versions(self, workers: Sequence[Worker]) -> None:
        versions: dict[str, str] = {}
        for worker in workers:
            versions |= worker.versions
        self.results.about["versions"] = versions

    def _finish(self) -> Results:
        self.results.about["seconds"] = time.perf_counter() - self._begun
        return self.results
