"""Sizes that no memory holds, as a forged file may ask for, are refused when a network is built."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.layers.layer import MOST_NUMBERS


@pytest.mark.parametrize("size", [2**20, 2**31, 2**40, 2**63, 10**400])
def test_an_enormous_map_is_one_clear_error(size):
    for layers in (
        [mc.UpSample2D(size), mc.GlobalAvgPool2D()],
        [mc.Conv2D(1, 1), mc.Residual(mc.UpSample2D(size), mc.UpSample2D(size))],
        [mc.Conv2D(1, 3, padding=size), mc.GlobalAvgPool2D()],
    ):
        with pytest.raises(mc.ConfigError, match=r"numbers a sample, got one of about 10\^\d+"):
            mc.Sequential(layers, input_shape=(6, 6, 1))


def test_the_largest_map_is_a_full_memory_when_it_is_asked_for():
    model = mc.Sequential([mc.UpSample2D((1, MOST_NUMBERS))], input_shape=(1, 1, 1))
    with pytest.raises(mc.BackendError, match="smaller batch_size"):
        model.predict(np.ones((2**10, 1, 1, 1), np.float32))
