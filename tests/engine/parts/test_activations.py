"""Activations that keep their input for the backward pass, in parts that use its memory again."""

import numpy as np
import pytest

import minicnn as mc

KEEP_THEIR_INPUT = ["gelu", "softplus", "silu"]


def trained(layers, shape, plain):
    model = mc.Sequential(layers, input_shape=shape, seed=3)
    model.compile("sgd", "mse")
    model.astype(np.float64)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((7, *shape))
    y = rng.standard_normal((7, *model.output_shape))
    with mc.engine_options(plain=plain):
        for _ in range(3):  # recorded, and repeated
            model.train_on_batch(x, y)
    return model.get_weights()


@pytest.mark.parametrize("activation", KEEP_THEIR_INPUT)
@pytest.mark.parametrize("kind", ["conv", "pointwise", "depthwise", "dense"])
def test_training_is_that_of_the_plain_loop(kind, activation):
    layers, shape = {
        "conv": (lambda: [mc.Conv2D(4, 3, activation=activation), mc.Flatten()], (40, 40, 3)),
        "pointwise": (lambda: [mc.Conv2D(4, 1, activation=activation), mc.Flatten()], (40, 40, 3)),
        "depthwise": (
            lambda: [mc.Conv2D(4, 3, groups=4, activation=activation), mc.Flatten()],
            (40, 40, 4),
        ),
        "dense": (lambda: [mc.Dense(300, activation=activation), mc.Dense(2)], (1500,)),
    }[kind]
    for one, other in zip(
        trained(layers(), shape, plain=True), trained(layers(), shape, plain=False), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
