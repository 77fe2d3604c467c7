import numpy as np
import pytest
from hypothesis import given

import minicnn as mc
from minicnn.testing import strategies as layer_strategies

NESTED = (6, 6, 2)


def nested(seed=0):
    return mc.Sequential(
        [
            mc.Conv2D(3, 3, use_bias=False, name="stem"),
            mc.BatchNorm(name="norm"),
            mc.Residual(
                mc.Chain(mc.Conv2D(4, 3, padding="same"), mc.BatchNorm()),
                shortcut=mc.Conv2D(4, 1),
                name="block",
            ),
            mc.Concat(mc.Conv2D(1, 1), mc.Chain(mc.ReLU(), mc.Conv2D(2, 1)), name="fire"),
            mc.Flatten(),
            mc.Dense(2, name="head"),
        ],
        input_shape=NESTED,
        seed=seed,
    )


def test_keras_s_order_layer_by_layer():
    """Kernel, bias; gamma, beta, moving mean, moving variance; branches in their order."""
    model = nested()
    named = {
        path: np.full(a.shape, i, np.float32)
        for i, (path, a) in enumerate({**model.params, **model.state}.items())
    }
    for layer in model.walk():
        if not layer.children:
            for holder in (layer.params, layer.state):
                for key in holder:
                    holder[key][...] = named[f"{layer.path}/{key}"]
    numbers = {float(a.flat[0]): path for path, a in named.items()}
    norm = ["gamma", "beta", "mean", "var"]
    assert [numbers[float(w.flat[0])] for w in model.get_weights()] == [
        "stem/W",
        *(f"norm/{key}" for key in norm),
        "block/chain_1/conv2d_1/W",
        "block/chain_1/conv2d_1/b",
        *(f"block/chain_1/batchnorm_1/{key}" for key in norm),
        "block/conv2d_1/W",
        "block/conv2d_1/b",
        "fire/conv2d_1/W",
        "fire/conv2d_1/b",
        "fire/chain_1/conv2d_1/W",
        "fire/chain_1/conv2d_1/b",
        "head/W",
        "head/b",
    ]


def assert_same(one, two):
    assert len(one) == len(two)
    for a, b in zip(one, two, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@given(layer_strategies.networks())
def test_there_and_back_for_any_network(drawn):
    make, shape = drawn
    one, two = (mc.Sequential([make()], input_shape=shape, seed=seed) for seed in (1, 2))
    two.set_weights(one.get_weights())
    assert_same(one.get_weights(), two.get_weights())
    x = np.random.default_rng(0).standard_normal((2, *shape))
    np.testing.assert_array_equal(one.predict(x), two.predict(x))


def test_the_arrays_are_copies_both_ways():
    model = nested()
    weights = model.get_weights()
    weights[0][...] = 7
    assert (model.params["stem/W"] != 7).all()
    model.set_weights(weights)
    assert (model.params["stem/W"] == 7).all()
    weights[0][...] = 8
    assert (model.params["stem/W"] == 7).all()


def test_weights_are_taken_in_the_model_s_dtype_and_from_lists():
    model = mc.Sequential([mc.Dense(1)], input_shape=(2,))
    model.set_weights([[[1], [2]], [3]])
    assert [w.dtype for w in model.get_weights()] == [np.float32, np.float32]
    assert model.predict(np.array([[10.0, 1.0]])).item() == 15


def test_a_failure_leaves_every_weight_as_it_was():
    model = nested()
    before = model.get_weights()
    wrong = [w + 1 for w in before[:-1]] + [np.ones(99)]
    with pytest.raises(mc.ShapeError):
        model.set_weights(wrong)
    assert_same(before, model.get_weights())


def test_training_goes_on_with_the_new_weights():
    """Whoever trains must not hold on to arrays that set_weights replaced."""
    x, y = np.random.default_rng(0).standard_normal((8, *NESTED)), np.ones((8, 2))
    one, two = nested(1), nested(2)
    for model in (one, two):
        model.compile(mc.SGD(1e-3), "mse")
    two.train_on_batch(x, y)
    two.set_weights(one.get_weights())
    for model in (one, two):
        model.train_on_batch(x, y)
    assert_same(one.get_weights(), two.get_weights())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_astype_turns_everything(dtype):
    assert {w.dtype for w in nested().astype(dtype).get_weights()} == {np.dtype(dtype)}
