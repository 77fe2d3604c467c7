"""A worker's end of the pipe: one JSON object a line, a request in, a reply out.

Requests are ``{"do": ...}`` with one of ``ACTIONS`` or ``"quit"``; every reply is an object,
``{"error": ...}`` when something went wrong.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TextIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.arena.workloads import WORKLOADS, Workload

Reply: TypeAlias = dict[str, Any]


class Opponent(Protocol):
    """What the arena asks of a framework."""

    versions: dict[str, str]

    def prepare(self, workload: Workload, x: NDArray[np.float32], y: NDArray[np.int64]) -> None:
        """Build the network; keep the batch in the form that the framework likes best."""

    def load(self, weights: list[NDArray[np.float32]]) -> None:
        """Take weights in Keras's order and layout."""

    def train(self) -> tuple[float, float]:
        """One whole training step; its loss and accuracy as Python numbers."""

    def predict(self) -> NDArray[np.float32]:
        """Probabilities for the batch, as a NumPy array."""


def claim_stdout() -> TextIO:
    """Keep the pipe for replies only; what a framework prints goes to stderr instead."""
    pipe = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return pipe


def resident_bytes() -> Reply:
    """Resident memory now and at its peak since this program started.

    ``ru_maxrss`` survives exec on Linux, so a small child of a large parent would report
    its parent; the kernel's high-water mark does not.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        import resource  # Windows has none, and no arena

        unit = 1 if sys.platform == "darwin" else 1024
        return {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}
    fields = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
    kib = {key: int(fields[key].split()[0]) for key in ("VmRSS", "VmHWM")}
    return {"now": kib["VmRSS"] * 1024, "peak": kib["VmHWM"] * 1024}


def read_weights(path: str) -> list[NDArray[np.float32]]:
    with np.load(path) as archive:
        return [archive[f"w{i:03d}"] for i in range(len(archive.files))]


def write_weights(path: str, weights: list[NDArray[np.float32]]) -> None:
    np.savez(path, **{f"w{i:03d}": w for i, w in enumerate(weights)})


ACTIONS = ("prepare", "check", "run", "layers", "memory")


class Service:
    """Answers requests with one opponent, and holds the stopwatch."""

    def __init__(self, opponent: Opponent) -> None:
        self.opponent = opponent
        self.weights_file: str | None = None

    def prepare(
        self, workload: str, batch: int, image: int | None, weights: str | None = None
    ) -> Reply:
        work = WORKLOADS[workload](batch, image)
        self.weights_file = weights
        self.opponent.prepare(work, *work.draw_batch())
        return {}

    def _start_over(self) -> None:
        # Hundreds of steps on one batch would end in gradients of 1e-40, which are slow to
        # multiply in some frameworks and flushed to zero in others. So each turn starts anew.
        if self.weights_file:
            self.opponent.load(read_weights(self.weights_file))

    def check(self, steps: int) -> Reply:
        self._start_over()
        predictions = np.asarray(self.opponent.predict(), dtype=np.float64)
        losses = [self.opponent.train()[0] for _ in range(steps)]
        return {"predictions": predictions.reshape(len(predictions), -1).tolist(), "losses": losses}

    def run(self, task: str, steps: int, warm: int = 0) -> Reply:
        self._start_over()
        step: Callable[[], object] = getattr(self.opponent, task)
        for _ in range(warm):
            step()
        seconds = []
        for _ in range(steps):
            start = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - start)
        return {"seconds": seconds}

    def layers(self, task: str, steps: int) -> Reply:
        """Where the opponent says that the seconds of a step go; only ours can tell."""
        self._start_over()
        return {"parts": self.opponent.layers(task, steps)}  # type: ignore[attr-defined]

    def memory(self) -> Reply:
        return resident_bytes()


def serve(opponent: Opponent, pipe: TextIO) -> None:
    service = Service(opponent)
    actions = {name: getattr(service, name) for name in ACTIONS}
    print(json.dumps({"ready": opponent.versions}), file=pipe)
    for line in sys.stdin:
        request = json.loads(line)
        do = request.pop("do")
        if do == "quit":
            break
        try:
            reply = actions[do](**request)
        except Exception:
            reply = {"error": traceback.format_exc()}
        print(json.dumps(reply), file=pipe)
