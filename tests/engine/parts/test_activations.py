"""Activations that keep their input for the backward pass, in parts that use its memory again."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.engine import Engine
from tests.engine.parts.agreement import built

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


@pytest.mark.parametrize("shape", [(40, 40, 3), (9, 72, 2)])
@pytest.mark.parametrize("kernel", [1, 3])
def test_what_an_activation_keeps_of_its_input_lies_apart_from_its_result(shape, kernel):
    """So it need not be copied, in a segment's last part either."""
    conv = mc.Conv2D(4, kernel, activation="softplus")
    chain = built(mc.Chain(conv, mc.BatchNorm()), shape)
    engine, x = Engine(chain), np.random.default_rng(0).standard_normal((7, *shape))
    bare, _ = conv.split()
    for _ in range(3):
        y, cache = engine.forward(x, True)
        recordings, _ = cache.notes[0]
        for block in recordings.kept.blocks:
            (kept,) = block.caches.values()
            ((_, z, *_),) = block.notes.values()
            assert np.may_share_memory(kept["x"], z)
            assert not np.may_share_memory(kept["x"], recordings.kept.out)
            np.testing.assert_allclose(kept["x"], bare.infer(x[block.rows]), rtol=1e-9, atol=1e-12)
        engine.backward(np.ones_like(y), cache)
