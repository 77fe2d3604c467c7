"""The depthwise convolution, with every border, stride and activation."""

import pytest

import minicnn as mc
from tests.engine.parts.agreement import agrees, built


@pytest.mark.parametrize("activation", [None, "relu", "tanh"])
@pytest.mark.parametrize("padding", ["valid", "same", ((0, 1), (2, 0))], ids=repr)
@pytest.mark.parametrize(("strides", "dilation"), [(1, 1), (2, 1), (1, 2)])
def test_any_window(padding, strides, dilation, activation):
    conv = mc.Conv2D(4, 3, strides, padding, dilation, groups=4, activation=activation)
    agrees(built(mc.Chain(mc.Conv2D(4, 1), conv, mc.Conv2D(2, 1)), (9, 10, 3)), batches=3)


def test_without_a_bias_between_exchanged_maps():
    conv = mc.Conv2D(4, (2, 3), groups=4, use_bias=False)
    agrees(built(mc.Chain(mc.Conv2D(4, 3), conv, mc.Conv2D(4, 3)), (12, 9, 3)), batches=3)
