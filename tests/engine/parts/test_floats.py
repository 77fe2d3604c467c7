"""Pictures to floats: as ``Ops.floats`` does it, block by block."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.engine import Engine
from tests.engine.parts.agreement import agrees, built


@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32])
def test_every_kind_of_number(dtype):
    chain = built(mc.Chain(mc.Conv2D(4, 3, activation="relu"), mc.MaxPool2D(2)), (10, 11, 3))
    x = np.random.default_rng(0).integers(0, 256, (5, 10, 11, 3)).astype(dtype)
    agrees(chain, x=x)


def test_a_network_of_float32_takes_float64_for_float32():
    chain = built(mc.Chain(mc.Conv2D(4, 3)), (10, 11, 3)).astype("float32")
    x = np.random.default_rng(0).random((3, 10, 11, 3))
    y = Engine(chain).infer(x)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, Engine(chain).infer(x.astype(np.float32)))
