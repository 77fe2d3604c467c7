"""The runner's end of the pipe: starts a worker, asks it, and freezes it between its turns.

Thread pools spin while they wait, some for a fifth of a second, and would steal the time
of whoever comes next. A stopped process (SIGSTOP) cannot, whatever its framework does.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.arena.opponents import Entry

ROOT = Path(__file__).parents[2]


class WorkerError(RuntimeError):
    """A worker failed, died or kept silent; the message carries its own words."""


@contextmanager
def on_cores(n: int) -> Iterator[None]:
    """Processes started inside are confined to the first n of our cores."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(ours)[:n])
    try:
        yield
    finally:
        os.sched_setaffinity(0, ours)


# A workplace may pin NumPy's BLAS to old kernels for everybody (OPENBLAS_CORETYPE=Haswell, say, on
# a processor with AVX-512). Workers run as on a user's machine, where each library chooses.
PINS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "MKL_DEBUG_CPU_TYPE", "ONEDNN_MAX_CPU_ISA")


def environment(threads: int) -> dict[str, str]:
    n = str(threads)
    pools = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    free = {name: value for name, value in os.environ.items() if name not in PINS}
    return {**free, **dict.fromkeys(pools, n)}


class Worker:
    """One warm process of one opponent."""

    def __init__(self, entry: Entry, threads: int, patience: float = 600) -> None:
        self.entry, self.threads, self.patience = entry, threads, patience
        self.started = time.perf_counter()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        command = [sys.executable, "-m", "benchmarks.arena.opponents", entry.module]
        command += ["--threads", str(threads), "--variant", entry.variant]
        with on_cores(threads):
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment(threads),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
            )
        try:
            self.versions: dict[str, str] = self._reply()["ready"]
        except BaseException:
            self.close()
            raise
        self._signal(signal.SIGSTOP)

    def ask(self, do: str, **request: Any) -> dict[str, Any]:
        """Wake the worker, wait for its reply, freeze it again."""
        assert self._process.stdin is not None
        self._signal(signal.SIGCONT)
        try:
            self._process.stdin.write(json.dumps({"do": do, **request}).encode() + b"\n")
            self._process.stdin.flush()
            return self._reply()
        except BrokenPipeError:
            raise WorkerError(f"{self.entry.name} died:\n{self._last_words()}") from None
        finally:
            self._signal(signal.SIGSTOP)

    def cpu_seconds(self) -> float:
        """Processor time used by all its threads so far; 0 where there is no /proc to tell."""
        stat = Path(f"/proc/{self._process.pid}/stat")
        if not stat.exists():
            return 0.0
        user, system = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        self._signal(signal.SIGKILL)  # it has nothing to save, and it may be stopped
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            if stream is not None:
                stream.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _reply(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        # Replies come one to a request, so nothing can be waiting in the reader's buffer.
        if not select.select([self._process.stdout], [], [], self.patience)[0]:
            raise WorkerError(f"{self.entry.name} was silent for {self.patience:.0f} s")
        line = self._process.stdout.readline()
        if not line:
            raise WorkerError(f"{self.entry.name} died:\n{self._last_words()}")
        reply: dict[str, Any] = json.loads(line)
        if "error" in reply:
            raise WorkerError(f"{self.entry.name} failed:\n{reply['error']}")
        return reply

    def _last_words(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-3000:]

    def _signal(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            self._process.send_signal(number)
