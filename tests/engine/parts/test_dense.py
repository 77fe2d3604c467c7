"""Dense on all threads: every way in which its products are cut, and W's update on the way."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.engine import Engine, engine_options
from minicnn.engine.parts.dense import WORTHWHILE, DensePart
from tests.engine.parts.agreement import agrees, built
from tests.engine.test_equality import close

# D, U: by columns, by rows in halves, by rows, tall, with rows that don't share out evenly
SHAPES = [(150, 1024), (600, 512), (3000, 60), (20001, 7), (1031, 131)]


@pytest.mark.parametrize("n", [1, 5, 70])
@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_every_cut_is_the_layer(shape, n):
    D, U = shape
    assert D * U >= WORTHWHILE
    agrees(built(mc.Chain(mc.Tanh(), mc.Dense(U, activation="tanh")), (D,)), n)


@pytest.mark.parametrize("options", [{"small_products": False}, {"split_dense": False}], ids=repr)
def test_without_its_parts(options):
    agrees(built(mc.Chain(mc.Tanh(), mc.Dense(512)), (600,)), **options)


def test_without_a_bias():
    agrees(built(mc.Chain(mc.Tanh(), mc.Dense(512, use_bias=False)), (600,)))


def test_small_ones_and_those_over_more_axes_are_left_to_the_layer():
    small, deep = mc.Dense(4), mc.Dense(512)
    small.build((8,), np.random.default_rng(0))
    deep.build((3, 600), np.random.default_rng(0))
    assert not DensePart.suits(small)
    assert not DensePart.suits(deep)


def moved(gradients_apart, optimizer, steps=5, freeze=()):
    chain = built(mc.Chain(mc.Dense(300, activation="tanh"), mc.Dense(500), mc.Dense(2)), (450,))
    for name in freeze:
        chain[name].trainable = False
    engine, rng = Engine(chain), np.random.default_rng(3)
    learning = [path for path in chain.params if path.split("/")[0] not in freeze]
    for _ in range(steps):
        y, cache = engine.forward(rng.standard_normal((6, 450)), True)
        dy = rng.standard_normal(y.shape)
        if gradients_apart:
            grads = engine.backward(dy, cache)
            optimizer.apply(chain.params, {path: grads[path] for path in learning})
        else:
            engine.descend(dy, cache, optimizer, learning)
    return chain


@pytest.mark.parametrize("freeze", [(), ("dense_1",), ("dense_2",)])
def test_a_gradient_that_is_used_up_moves_w_as_the_whole_one_does(freeze):
    make = lambda: mc.SGD(1e-2, momentum=0.9)  # noqa: E731
    one, two = moved(True, make(), freeze=freeze), moved(False, make(), freeze=freeze)
    for path, p in one.params.items():
        close(two.params[path], p, 1e-12)


def test_weights_and_memory_may_be_replaced_between_two_steps():
    """Recordings know them by their place: they must look again."""
    chains, optimizers = [], [mc.RMSprop(1e-3), mc.RMSprop(1e-3)]
    for optimizer, options in zip(optimizers, ({}, {"fused_update": False}), strict=True):
        chain = built(mc.Chain(mc.Dense(400, activation="tanh"), mc.Dense(2)), (450,))
        chain.astype("float32")
        engine, rng = Engine(chain), np.random.default_rng(3)
        for step in range(9):
            if step in (4, 6):
                chain["dense_1"].params["W"] = chain["dense_1"].params["W"] * np.float32(0.9)
            if step in (5, 6):
                slots = optimizer.memory["dense_1/W"]
                slots["v"] = slots["v"] * np.float32(4)
            with engine_options(**options):
                y, cache = engine.forward(rng.random((6, 450), np.float32), True)
                engine.descend(np.cos(y), cache, optimizer, list(chain.params))
        chains.append(chain)
    for path, p in chains[0].params.items():
        close(chains[1].params[path], p, 1e-4)
    first, second = (optimizer.memory["dense_1/W"]["v"] for optimizer in optimizers)
    np.testing.assert_allclose(first, second, rtol=1e-3, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_weights_may_lie_in_columns(shape):
    """As those do that were transposed on their way here."""
    D, U = shape
    chain = built(mc.Chain(mc.Tanh(), mc.Dense(U)), (D,))
    (dense,) = (layer for layer in chain.layers if isinstance(layer, mc.Dense))
    dense.params["W"] = np.asfortranarray(dense.params["W"])
    agrees(chain)


def test_training_moves_weights_that_lie_in_columns():
    chains = []
    for order in "CF":
        chain = built(mc.Chain(mc.Dense(300), mc.Dense(500), mc.Dense(2)), (450,))
        chain["dense_2"].params["W"] = np.array(chain["dense_2"].params["W"], order=order)
        engine, optimizer, rng = Engine(chain), mc.Adam(1e-3), np.random.default_rng(0)
        for _ in range(4):
            y, cache = engine.forward(rng.standard_normal((6, 450)), True)
            engine.descend(np.cos(y), cache, optimizer, list(chain.params))
        chains.append(chain)
    for path, p in chains[0].params.items():
        close(chains[1].params[path], p, 1e-9)
