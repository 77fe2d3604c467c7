"""Recorded operations, repeated with a clock: nothing is lost, and nothing else changes."""

import itertools

import numpy as np
import pytest

import minicnn as mc
from benchmarks.operations import KINDS, Ledger, kind_of, measure, table, timed_operations
from minicnn.engine.memory import recording


def network() -> mc.Sequential:
    """A Dense large enough to be cut into pieces, and a convolution by strips before it."""
    layers = [
        mc.Conv2D(8, 3, activation="relu"), mc.MaxPool2D(2), mc.Conv2D(16, 3, activation="relu"),
        mc.Flatten(), mc.Dense(64, activation="relu"), mc.Dense(1),
    ]  # fmt: skip
    model = mc.Sequential(layers, input_shape=(30, 30, 3), seed=0)
    model.compile(mc.RMSprop(1e-3), mc.BinaryCrossentropy(from_logits=True))
    return model


X = np.random.default_rng(0).random((2, 30, 30, 3), np.float32)
Y = np.array([0, 1])


@pytest.fixture
def ticks() -> itertools.count:
    """A clock that is one second later whenever it is read."""
    return itertools.count()


@pytest.fixture
def ledger(ticks: itertools.count, one_thread: None) -> Ledger:
    model = network()
    with timed_operations(lambda: float(next(ticks))) as ledger:
        measure(lambda: model.train_on_batch(X, Y), ledger, rounds=3)
    return ledger


@pytest.fixture
def one_thread() -> object:
    mc.set_threads(1)
    yield
    mc.set_threads(None)


def test_all_products_of_a_step_are_found(ledger: Ledger) -> None:
    found = {}
    for (place, kind), spent in ledger.spent.items():
        if kind == "products":
            key = place.layers.split(" ")[0], place.purpose
            found[key] = found.get(key, 0) + spent.multiply_adds / 3 / len(X)
    model = network()
    passes = [(name, which) for name in ("conv2d_1", "conv2d_2", "dense_1")
              for which in ("forward", "dW", "dx")]  # fmt: skip
    passes.remove(("conv2d_1", "dx"))  # nobody needs the gradient of a picture
    assert set(found) == set(passes)
    for (name, which), its in found.items():
        most = 1.6 if which == "dx" else 1.3  # dx has a border; and windows of no place
        assert 1 <= its / model[name].multiply_adds() <= most


def test_each_operation_is_timed_once(ledger: Ledger, ticks: itertools.count) -> None:
    operations = sum(spent.count for spent in ledger.spent.values())
    assert operations > 100
    assert ledger.seconds == operations  # a tick each


def test_the_update_of_a_large_dense_is_a_kind_of_its_own(ledger: Ledger) -> None:
    updated = {place.layers for place, kind in ledger.spent if kind == "update"}
    assert updated == {"dense_1"}


def test_the_table_adds_up(ledger: Ledger) -> None:
    lines = table(ledger, rounds=3, seconds=2 * ledger.seconds).split("\n")
    kinds = [line.split(" | ") for line in lines[2 : lines.index("")]]
    assert {row[0].strip("| ") for row in kinds} <= {*KINDS, "not recorded"}
    shares = {row[0].strip("| "): float(row[2].rstrip("%")) for row in kinds}
    assert shares["not recorded"] == 50
    assert sum(shares.values()) == pytest.approx(100, abs=0.3)


def test_a_timed_run_comes_to_the_same_bits_and_leaves_nothing_behind(one_thread: None) -> None:
    plain, timed = network(), network()
    original = recording.Recording
    for _ in range(4):
        plain.train_on_batch(X, Y)
    with timed_operations():
        assert recording.Recording is not original
        for _ in range(4):
            timed.train_on_batch(X, Y)
    assert recording.Recording is original
    for a, b in zip(plain.get_weights(), timed.get_weights(), strict=True):
        assert np.array_equal(a, b)


def test_kinds() -> None:
    ones, maps = np.ones(3), np.zeros((3, 2))
    assert kind_of(np.dot, (ones, maps)) == kind_of(np.add.reduce, (maps,)) == "sums"
    assert kind_of(np.dot, (maps, maps)) == kind_of(np.matmul, (maps, maps)) == "products"
    assert kind_of(np.copyto, (maps, maps)) == "copies"
    assert kind_of(np.maximum, (maps, 0)) == "element-wise"
    assert kind_of(lambda: None, ()) == "calls"
