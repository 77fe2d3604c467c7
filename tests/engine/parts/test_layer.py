"""Layers that the engine knows nothing of, and those that draw."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.engine import Engine, PlainEngine, engine_options
from tests.engine.networks import Doubling, ShiftedReLU
from tests.engine.parts.agreement import agrees, built


class Counted(mc.Layer):
    """Running figures of its own: how many samples it has seen."""

    def build(self, input_shape, rng):
        self.state = {"seen": self.new_param((1,), "zeros", rng)}
        return self.built(input_shape, input_shape)

    def forward(self, x, training=False):
        return x + 1, {"n": len(x)}

    def backward(self, dy, cache):
        return dy, {}

    def next_state(self, cache):
        return {"seen": self.state["seen"] + cache["n"]}


@pytest.mark.parametrize("kind", [Doubling, ShiftedReLU, Counted])
def test_a_users_layer_between_convolutions(kind):
    agrees(built(mc.Chain(mc.Conv2D(4, 3), kind(), mc.Conv2D(3, 3)), (9, 8, 2)))


def test_a_layer_with_running_figures_sees_the_whole_batch():
    chain = built(mc.Chain(mc.Conv2D(4, 3), Counted()), (9, 8, 2))
    engine = Engine(chain)
    with engine_options(block=1):
        _, cache = engine.forward(np.zeros((5, 9, 8, 2)), True)
    (figure,) = engine.next_state(cache).values()
    np.testing.assert_array_equal(figure, chain.state["counted_1/seen"] + 5)


def test_a_dropout_draws_anew_in_each_step_and_the_same_in_blocks_of_any_size():
    """Also when all else is repeated from recordings."""
    chain = built(mc.Chain(mc.Conv2D(4, 3), mc.Dropout(0.5), mc.Conv2D(4, 1)), (9, 8, 2))
    engines, plain = [Engine(chain) for _ in range(3)], PlainEngine(chain)
    x, seen = np.ones((6, 9, 8, 2)), set()
    for step in range(5):
        moment = mc.Moment(3, 1, step)
        expected, _ = plain.forward(x, moment)
        for engine, block in zip(engines, (None, 1, 4), strict=True):
            with engine_options(block=block):
                y, cache = engine.forward(x, moment)
                engine.backward(np.ones_like(y), cache)
            np.testing.assert_allclose(y, expected, rtol=0, atol=1e-12)
        seen.add(expected.tobytes())
    assert len(seen) == 5
