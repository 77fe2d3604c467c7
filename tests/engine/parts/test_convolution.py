"""Activations behind a convolution that are no ReLU, on maps of either order."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.engine import Engine
from tests.engine.parts.agreement import agrees, built


@pytest.mark.parametrize("activation", ["leaky_relu", "tanh", "sigmoid", "softmax"])
def test_each_kind(activation):
    layers = [mc.Conv2D(4, 3, activation=activation) for _ in range(3)]
    agrees(built(mc.Chain(*layers, mc.Conv2D(3, 1, activation=activation)), (12, 11, 3)))


def test_its_caches_are_dropped_on_the_way_back():
    chain = built(mc.Chain(mc.Conv2D(4, 3, activation="tanh"), mc.LeakyReLU()), (12, 11, 3))
    engine = Engine(chain)
    for _ in range(3):
        y, cache = engine.forward(np.ones((4, 12, 11, 3)), True)
        engine.backward(np.ones_like(y), cache)
        recordings, _ = cache.notes[0]
        assert all(block.caches == {} for block in recordings.kept.blocks)
