"""benchmarks/gpu.py as far as it goes without a GPU: the gate before the clock, and the table."""

import numpy as np
import pytest

import minicnn as mc
from benchmarks import gpu
from benchmarks.arena.accounting import draw_weights
from benchmarks.arena.workloads import Conv, Dense, Flatten, MaxPool, Workload
from benchmarks.gpu_sides import Minicnn, exact
from minicnn.backends import graph

SMALL = Workload("small", (8, 8, 3), 1, (Conv(4, 3), MaxPool(), Flatten(), Dense(1, relu=False)), 6)


@pytest.fixture
def gate(cupy_ops):
    side, weights, (x, y) = Minicnn(), draw_weights(SMALL), SMALL.draw_batch()
    side.prepare(SMALL, x, y)
    return side, weights, exact(SMALL, weights, x, y)


def test_the_gate_lets_minicnn_through(gate):
    side, weights, truth = gate
    gpu.check(side, SMALL, weights, truth, tf32=False)


def test_the_gate_stops_other_predictions_and_another_loss(gate):
    side, weights, (said, losses) = gate
    first, *_, last = losses
    for wrong in (
        (said + 1e-3, losses),
        (said, [first * 1.001, *losses[1:]]),
        (said, [*losses[:-1], last * 1.01]),
        (said * np.nan, losses),
    ):
        with pytest.raises(SystemExit, match=r"minicnn, small: .* nothing was timed"):
            gpu.check(side, SMALL, weights, wrong, tf32=False)


def test_steps_by_graphs_are_let_in_if_there_are_graphs(cupy_ops, monkeypatch, capsys):
    def network(batch):
        return SMALL

    def sides():
        return [Minicnn(), Minicnn(graphs=True)]

    truth = exact(SMALL, draw_weights(SMALL), *SMALL.draw_batch())
    both = {"minicnn", "minicnn graphs"}
    assert gpu.let_in(network, sides, tf32=False, truth=truth) == both
    monkeypatch.setattr(graph, "loaded_library", lambda cupy: None)
    assert gpu.let_in(network, sides, tf32=False, truth=truth) == {"minicnn"}
    assert "minicnn graphs: left out, no step became a graph" in capsys.readouterr().out


@pytest.fixture
def a_clock(monkeypatch):
    """The measuring as it is, with a clock and a memory of the stand-in's kind."""
    monkeypatch.setattr(gpu.gpu_probe, "milliseconds", lambda work: work() and 2.0)
    monkeypatch.setattr(gpu.gpu_probe, "kernels", lambda work: None)
    monkeypatch.setattr(gpu.gpu_probe, "free_memory", lambda: None)
    monkeypatch.setattr(gpu.gpu_probe, "used_memory", lambda: 1.0)


def test_every_side_has_a_row_for_each_of_its_tasks(a_clock):
    class Side:
        name, tasks, steps_checked = "one", gpu.TASKS, 1

        def prepare(self, workload, x, y):
            self.done = []

        def load(self, weights):
            pass

        def train(self):
            return 1

        predict = train

    class Full(Side):
        name = "two"

        def train(self):
            raise mc.BackendError("expected room") from MemoryError()

    class FullLater(Side):
        name, tasks = "three", ("train",)

        def train(self):
            self.done.append(1)
            if len(self.done) > 8:
                raise MemoryError
            return 1

    rows = gpu.measure(
        SMALL, lambda: [Side(), Full(), FullLater(), Side()], {"one", "two", "three"}
    )
    assert [(row["task"], row["side"], row["ms"]) for row in rows] == [
        ("train", "one", 2.0), ("predict", "one", 2.0), ("predict", "two", 2.0),
    ]  # fmt: skip


def test_bytes_that_must_move():
    maps = 8 * 8 * 3 + 6 * 6 * 4 + 6 * 6 * 4 + 3 * 3 * 4 + 2 * 3 * 3 * 4 + 3 * 3 * 4 + 1
    weights = 3 * 3 * 3 * 4 + 4 + 36 + 1
    assert gpu.least_bytes(SMALL, "predict") == 4 * (maps * 6 + weights)


def test_the_table(capsys):
    row = {"network": "small", "batch": 6, "task": "train", "memory": 2**20, "operations": 1e9,
           "bytes": 1e6, "kernels": 30.0, "idle": 0.25}  # fmt: skip
    rows = [{**row, "side": "minicnn", "ms": 1.0}, {**row, "side": "torch eager x", "ms": 2.0}]
    gpu.show(rows, [], {"operations": 1e13, "bytes": 1e12})
    first, second = capsys.readouterr().out.splitlines()
    assert "0.50" in first
    assert "1.00" in second
    for part in ("10% of arithmetic", "0% of memory", "1 MiB", "30 kernels, idle  25%"):
        assert part in first
