"""The two ends of the pipe, tried with the yardstick: it needs NumPy only."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.arena.channel import read_weights, resident_bytes, write_weights
from benchmarks.arena.opponents import HOME, YARDSTICK, Entry
from benchmarks.arena.turns import Pace, break_down, compete
from benchmarks.arena.worker import Worker, WorkerError, environment
from benchmarks.arena.workloads import lenet
from tests.left_out import needs
from tests.patience import PATIENCE


@pytest.fixture(scope="module")
def yardstick() -> Iterator[Worker]:
    with Worker(YARDSTICK, threads=1) as worker:
        worker.ask("prepare", workload="lenet", batch=1, image=None)
        yield worker


def test_a_worker_times_each_step(yardstick: Worker) -> None:
    seconds = yardstick.ask("run", task="predict", steps=3)["seconds"]
    assert len(seconds) == 3
    assert all(0 < s < 30 for s in seconds)


@needs(Path("/proc/self/stat").exists(), "of frozen processes", "no /proc: Linux has it")
def test_between_its_turns_a_worker_is_frozen(yardstick: Worker) -> None:
    def state() -> str:
        stat = Path(f"/proc/{yardstick._process.pid}/stat").read_text(encoding="utf-8")
        return stat.rpartition(")")[2].split()[0]

    until = time.monotonic() + PATIENCE
    while state() != "T" and time.monotonic() < until:  # the signal is on its way
        time.sleep(0.01)
    assert state() == "T"  # stopped, not merely asleep
    before = yardstick.cpu_seconds()
    time.sleep(0.1)
    assert yardstick.cpu_seconds() == before


def test_a_mistake_comes_back_with_the_workers_words(yardstick: Worker) -> None:
    with pytest.raises(WorkerError, match="no_such_task"):
        yardstick.ask("run", task="no_such_task", steps=1)
    assert yardstick.ask("run", task="train", steps=1)["seconds"]  # and it lives on


def test_a_worker_that_cannot_start_says_why() -> None:
    with pytest.raises(WorkerError, match="no_such_module"):
        Worker(Entry("nobody", "no_such_module"), threads=1)


def test_turns_give_a_round_of_times_to_everyone(yardstick: Worker) -> None:
    bout = compete([], yardstick, lenet(batch=4), "train", Pace(rounds=2, seconds=0.0))
    assert [len(steps) for steps in bout.gemm] == [2, 2]
    assert (bout.batch, bout.image, bout.threads) == (4, 28, 1)
    assert bout.turn_seconds > sum(map(sum, bout.gemm))
    assert bout.frozen_cpu_seconds == 0  # there is nobody to freeze


def test_minicnn_says_where_its_time_goes() -> None:
    work = lenet(batch=4)
    with Worker(HOME, threads=1) as worker:
        worker.ask("prepare", workload="lenet", batch=4, image=None)
        (train,) = break_down([worker], work, "train", Pace(rounds=2, seconds=0.0))
    assert len(train.turns) == 2
    layers = [part["layer"] for part in train.turns[0]]
    assert layers[0] == "conv2d_1 + maxpool2d_1"
    assert layers[-2:] == ["optimizer", "everything else"]
    assert all(part["forward"] > 0 for part in train.turns[0] if part["layer"] != "optimizer")


def test_weights_travel_in_order(tmp_path: Path) -> None:
    path = str(tmp_path / "w.npz")
    weights = [np.full((2, i + 1), i, dtype=np.float32) for i in range(12)]
    write_weights(path, weights)
    back = read_weights(path)
    assert all(np.array_equal(a, b) for a, b in zip(weights, back, strict=True))


def test_resident_memory_is_plausible() -> None:
    assert 2**20 < resident_bytes()["peak"] < 2**40


def test_nobody_is_pinned_to_old_kernels(monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setenv("PATH_OF_ITS_OWN", "kept")
    given = environment(2)
    assert "OPENBLAS_CORETYPE" not in given
    assert given["PATH_OF_ITS_OWN"] == "kept"
    assert given["OPENBLAS_NUM_THREADS"] == "2"
