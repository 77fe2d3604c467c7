"""BatchNorm in sweeps: exact moments from pieces, with the ReLU, in any shape."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.engine import Engine
from minicnn.engine.memory.arena import Arena
from minicnn.engine.parts.batchnorm import BatchNormPart
from minicnn.engine.plan import sweep
from minicnn.engine.plan.batch import WholeBatch
from minicnn.engine.plan.steps import Plan
from tests.engine.parts.agreement import agrees, built


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("shape", [(7,), (5, 6, 3), (4, 4, 600), (11, 1, 5)])
def test_any_shape_with_and_without_a_relu(shape, relu):
    layers = [mc.Tanh(), mc.BatchNorm(), *([mc.ReLU()] if relu else []), mc.Tanh()]
    agrees(built(mc.Chain(*layers), shape), n=6)


def test_pieces_of_a_batch_are_joined_to_its_moments(monkeypatch):
    monkeypatch.setattr(sweep, "PIECE", 40)
    agrees(built(mc.Chain(mc.BatchNorm(), mc.ReLU(), mc.BatchNorm()), (4, 5, 3)), n=7)


def test_a_mean_far_from_zero_costs_no_digits(monkeypatch):
    """Two passes: the squares of 1e4 would leave nothing of a variance of 1."""
    monkeypatch.setattr(sweep, "PIECE", 40)
    x = 1e6 + np.random.default_rng(0).standard_normal((9, 4, 5, 3))
    chain = built(mc.Chain(mc.BatchNorm()), (4, 5, 3))
    y, _ = chain.forward(x, True)
    its_y, _ = Engine(chain).forward(x, True)
    np.testing.assert_allclose(its_y, y, rtol=0, atol=1e-6)


def test_one_sample():
    agrees(built(mc.Chain(mc.BatchNorm()), (4, 5, 3)), n=1)


@pytest.mark.parametrize("relu", [False, True])
def test_its_prediction_has_the_relu(relu):
    chain = built(mc.Chain(mc.BatchNorm(), mc.ReLU()), (4, 5, 3))
    x = np.random.default_rng(0).standard_normal((6, 4, 5, 3))
    expected = chain.infer(x) if relu else chain.layers[0].infer(x)
    assert (expected < 0).any() != relu
    part = BatchNormPart(chain.layers[0], "", relu)
    np.testing.assert_array_equal(part.infer(WholeBatch(Plan([]), Arena(), False), x), expected)
