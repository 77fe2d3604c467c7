"""Residual and Concat, in blocks and as a whole: sums in their order, shared gradients unharmed."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.engine import Engine, engine_options
from minicnn.engine.memory.recording import Recordings
from tests.engine.parts.agreement import agrees, built


def whole():
    """What makes the branches need the whole batch."""
    return mc.BatchNorm()


def block():
    return mc.Tanh()


KINDS = pytest.mark.parametrize("kind", [whole, block])


@KINDS
@pytest.mark.parametrize("relu", [False, True])
def test_a_residual(kind, relu):
    body = mc.Chain(mc.Conv2D(3, 3, padding=1), kind())
    after = [mc.ReLU()] if relu else []
    agrees(built(mc.Chain(mc.Conv2D(3, 1), mc.Residual(body), *after, mc.Conv2D(2, 3)), (8, 8, 2)))


@KINDS
def test_a_shortcut_with_layers(kind):
    agrees(
        built(
            mc.Chain(mc.Residual(mc.Chain(mc.Conv2D(4, 1), kind()), mc.Conv2D(4, 3, padding=1))),
            (6, 7, 2),
        )
    )


@KINDS
@pytest.mark.parametrize("relu", [False, True])
def test_a_concat(kind, relu):
    branches = [mc.Chain(), mc.Chain(mc.Conv2D(3, 3, padding=1), kind()), mc.Conv2D(2, 1)]
    after = [mc.ReLU()] if relu else []
    agrees(
        built(mc.Chain(mc.Conv2D(3, 1), mc.Concat(*branches), *after, mc.Conv2D(2, 3)), (8, 8, 2))
    )


@KINDS
def test_branches_inside_branches(kind):
    inner = mc.Residual(mc.Chain(mc.Residual(mc.Chain(mc.Conv2D(3, 1), kind()))))
    chain = mc.Chain(
        mc.Conv2D(3, 1), mc.Concat(mc.Conv2D(2, 1), inner, mc.Chain()), mc.Conv2D(2, 1)
    )
    agrees(built(chain, (5, 6, 2)))


@pytest.mark.parametrize("empty", [lambda: mc.Residual(mc.Chain()), lambda: mc.Concat(mc.Chain())])
def test_branches_of_nothing(empty):
    agrees(built(mc.Chain(mc.Conv2D(3, 1), empty(), mc.Conv2D(2, 1)), (5, 6, 2)))


class Sends(mc.Layer):
    """Its way back has the same gradient, whatever comes."""

    def __init__(self, value, per_sample=True, name=None):
        super().__init__(name)
        self.value, self.per_sample = value, per_sample

    def forward(self, x, training=False):
        return x.copy(), {}

    def backward(self, dy, cache):
        return np.full_like(dy, self.value), {}


class Learns(mc.Layer):
    """A parameter whose gradient is what came back."""

    def build(self, input_shape, rng):
        self.params = {"w": self.new_param(input_shape, "zeros", rng)}
        return self.built(input_shape, input_shape)

    def forward(self, x, training=False):
        return x.copy(), {}

    def backward(self, dy, cache):
        return dy.copy(), {"w": dy.sum(axis=0)}


@pytest.mark.parametrize("per_sample", [True, False])
@pytest.mark.parametrize("order", [(1.0, 1e16, -1e16), (1e16, -1e16, 1.0), (-1e16, 1.0, 1e16)])
def test_what_comes_back_is_added_in_the_order_of_the_branches(order, per_sample):
    """(1 + 1e16) - 1e16 is 0, and 1e16 - 1e16 + 1 is 1."""
    branches = [Sends(value, per_sample) for value in order]
    chain = mc.Chain(Learns(), mc.Concat(*branches))
    chain.build((4,), np.random.default_rng(0))
    chain.astype("float64")
    engine = Engine(chain)
    for _ in range(3):
        y, cache = engine.forward(np.ones((1, 4)), True)
        grads = engine.backward(np.ones_like(y), cache)
        first, second, third = order
        np.testing.assert_array_equal(grads["learns_1/w"], (first + second) + third)


@pytest.mark.parametrize("per_sample", [True, False])
def test_a_branch_inside_a_branch_is_added_up_first(per_sample):
    """1 + (1e16 - 1e16) is 1; one after another it would be 0."""
    inner = mc.Residual(Sends(1e16, per_sample), Sends(-1e16, per_sample))
    chain = mc.Chain(Learns(), mc.Concat(Sends(1.0, per_sample), inner))
    chain.build((4,), np.random.default_rng(0))
    chain.astype("float64")
    y, cache = Engine(chain).forward(np.ones((1, 4)), True)
    grads = Engine(chain).backward(np.ones_like(y), cache)
    np.testing.assert_array_equal(grads["learns_1/w"], 1.0)


class Watches(mc.Layer):
    """Remembers the gradient that it was given, and a copy of it."""

    seen = ()

    def __init__(self, per_sample, name=None):
        super().__init__(name)
        self.per_sample = per_sample

    def forward(self, x, training=False):
        return x.copy(), {}

    def backward(self, dy, cache):
        self.seen = dy, dy.copy()
        return 3 * dy, {}


@pytest.mark.parametrize("per_sample", [True, False])
def test_a_gradient_that_two_branches_share_is_changed_by_neither(per_sample):
    watches = Watches(per_sample)
    chain = mc.Chain(Learns(), mc.Residual(watches), Learns())
    chain.build((4,), np.random.default_rng(0))
    chain.astype("float64")
    engine, dy = Engine(chain), np.array([[1.0, 2.0, 3.0, 4.0]])
    for options in ({}, {}, {}, {"record": False}, {"reuse": False}):
        with engine_options(**options):
            _, cache = engine.forward(np.ones((1, 4)), True)
            grads = engine.backward(dy, cache)
        np.testing.assert_array_equal(grads["learns_1/w"], 4 * dy[0])
        np.testing.assert_array_equal(watches.seen[0], watches.seen[1])
        np.testing.assert_array_equal(dy, [[1.0, 2.0, 3.0, 4.0]])


def test_many_branches_keep_their_recordings_with_two_sizes_of_batches(monkeypatch):
    """An epoch of whole batches and a smaller last one, and its validation."""
    branches = [mc.Chain(mc.Conv2D(2, 1), mc.BatchNorm()) for _ in range(10)]
    layers = [mc.Conv2D(4, 3), mc.Concat(*branches), mc.ReLU(), mc.GlobalAvgPool2D()]
    chain = built(mc.Chain(*layers), (8, 8, 1))
    engine, made = Engine(chain), []
    begin = Recordings.__init__

    def counted(recordings, *arguments, **options):
        made.append(recordings)
        begin(recordings, *arguments, **options)

    monkeypatch.setattr(Recordings, "__init__", counted)
    for _ in range(4):
        made.clear()
        for n in (6, 5):
            y, cache = engine.forward(np.ones((n, 8, 8, 1)), True)
            engine.backward(np.ones_like(y), cache)
        for n in (4, 3):
            engine.infer(np.ones((n, 8, 8, 1)))
    assert made == []
