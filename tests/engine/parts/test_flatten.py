"""Flatten: a view of maps in order, a copy of exchanged ones, straight to where it belongs."""

import pytest

import minicnn as mc
from tests.engine.parts.agreement import agrees, built


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("ending", [[], [mc.Dense]])
def test_maps_of_either_order(layers, ending):
    convolutions = [mc.Conv2D(4, 3, activation="relu") for _ in range(layers)]
    chain = mc.Chain(*convolutions, mc.Flatten(), *[kind(3) for kind in ending])
    agrees(built(chain, (9, 8, 2)))


def test_twice_and_at_the_start():
    agrees(built(mc.Chain(mc.Flatten(), mc.Flatten(), mc.Tanh(), mc.Flatten()), (3, 4, 2)))
