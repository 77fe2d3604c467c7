"""benchmarks/gpu.py as far as it goes without a GPU: the gate before the clock, and the table."""

import numpy as np
import pytest

from benchmarks import gpu
from benchmarks.arena.accounting import draw_weights
from benchmarks.arena.workloads import Conv, Dense, Flatten, MaxPool, Workload
from benchmarks.gpu_sides import Minicnn, exact

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
    side, weights, (said, loss) = gate
    for wrong in ((said + 1e-3, loss), (said, loss * 1.001), (said * np.nan, loss)):
        with pytest.raises(SystemExit, match=r"minicnn, small: .* nothing was timed"):
            gpu.check(side, SMALL, weights, wrong, tf32=False)


def test_bytes_that_must_move():
    maps = 8 * 8 * 3 + 6 * 6 * 4 + 6 * 6 * 4 + 3 * 3 * 4 + 2 * 3 * 3 * 4 + 3 * 3 * 4 + 1
    weights = 3 * 3 * 3 * 4 + 4 + 36 + 1
    assert gpu.least_bytes(SMALL, "predict") == 4 * (maps * 6 + weights)


def test_the_table(capsys):
    row = {"network": "small", "batch": 6, "task": "train", "memory": 2**20, "operations": 1e9,
           "bytes": 1e6, "kernels": 30.0, "idle": 0.25}  # fmt: skip
    rows = [{**row, "side": "minicnn", "ms": 1.0}, {**row, "side": "torch eager x", "ms": 2.0}]
    gpu.show(rows, rows, {"operations": 1e13, "bytes": 1e12})
    first, second = capsys.readouterr().out.splitlines()
    assert "0.50" in first
    assert "1.00" in second
    for part in ("10% of arithmetic", "0% of memory", "1 MiB", "30 kernels, idle  25%"):
        assert part in first
