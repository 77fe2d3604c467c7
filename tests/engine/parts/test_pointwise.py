"""1×1 convolutions: maps in order or exchanged, with what comes after."""

import pytest

import minicnn as mc
from minicnn.engine.parts.pointwise import PointwisePart
from tests.engine.parts.agreement import agrees, built


@pytest.mark.parametrize("activation", [None, "relu", "tanh"])
@pytest.mark.parametrize("before", [None, 3])
def test_maps_of_either_order(activation, before):
    layers = [mc.Conv2D(5, before)] if before else [mc.Tanh()]
    layers += [mc.Conv2D(6, 1, activation=activation), mc.Conv2D(3, 1, use_bias=False)]
    agrees(built(mc.Chain(*layers), (9, 8, 4)), batches=3)


def test_a_batchnorm_is_folded_into_it_for_prediction():
    chain = mc.Chain(mc.Conv2D(5, 1), mc.BatchNorm(), mc.ReLU(), mc.Conv2D(5, 1, use_bias=False))
    agrees(built(mc.Chain(chain, mc.BatchNorm()), (6, 7, 4)))


@pytest.mark.parametrize(
    ("conv", "suits"),
    [
        (mc.Conv2D(4, 1), True),
        (mc.Conv2D(4, 1, strides=2), False),
        (mc.Conv2D(4, 1, padding=1), False),
        (mc.Conv2D(4, (1, 2)), False),
    ],
    ids=repr,
)
def test_which_suit(conv, suits):
    built(mc.Chain(conv), (6, 7, 4))
    assert PointwisePart.suits(conv) == suits
