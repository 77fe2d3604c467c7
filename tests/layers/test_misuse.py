"""Layers used by hand: what makes no sense is one clear error."""

import numpy as np
import pytest

import minicnn as mc

RNG = np.random.default_rng(0)
LAYERS = {
    "dense": lambda: mc.Dense(2),
    "conv": lambda: mc.Conv2D(2, 1),
    "pool": lambda: mc.MaxPool2D(1),
    "flatten": lambda: mc.Flatten(),
    "relu": lambda: mc.ReLU(),
    "batchnorm": lambda: mc.BatchNorm(),
    "chain": lambda: mc.Chain(mc.Dense(2)),
    "residual": lambda: mc.Residual(mc.ReLU()),
    "concat": lambda: mc.Concat(mc.ReLU()),
    "upsample": lambda: mc.UpSample2D(2),
}
every_layer = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
SHAPE = (4, 4, 2)


@every_layer
@pytest.mark.parametrize("shape", [3, 3.0, None, (4, 4, 0), (4, 4, -1), (4, 4.0, 2), (None, 4, 2)])
def test_a_shape_that_is_none(make, shape):
    with pytest.raises(mc.ShapeError, match="whole numbers above 0 without the batch, got"):
        make().build(shape, RNG)


@pytest.mark.parametrize("make", [LAYERS["dense"], LAYERS["conv"], LAYERS["batchnorm"]])
@pytest.mark.parametrize("rng", [0, None, np.random])
def test_a_generator_that_is_none(make, rng):
    with pytest.raises(mc.ConfigError, match=r"np.random.default_rng\(0\), got"):
        make().build(SHAPE, rng)


@every_layer
def test_a_batch_of_no_samples(make):
    layer = make()
    layer.build(SHAPE, RNG)
    with pytest.raises(mc.ShapeError, match="at least one sample"):
        layer.forward(np.ones((0, *SHAPE)))


@pytest.mark.parametrize("make", [LAYERS[n] for n in ("dense", "conv", "relu", "batchnorm")])
def test_a_gradient_of_another_batch(make):
    layer = make()
    layer.build(SHAPE, RNG)
    y, cache = layer.forward(np.ones((3, *SHAPE)))
    with pytest.raises(mc.ShapeError, match="gradient of 3 samples"):
        layer.backward(y[:1], cache)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("make", [LAYERS["dense"], LAYERS["conv"]])
def test_a_parameter_put_in_by_hand_in_another_shape(make, plain):
    model = mc.Sequential([make()], input_shape=SHAPE)
    model.layers[0].params["b"] = np.zeros((2, 1))
    with (
        mc.engine_options(plain=plain),
        pytest.raises(mc.ShapeError, match=r"params\['b'\] of shape \(2,\).*got \(2, 1\)"),
    ):
        model.predict(np.ones((2, *SHAPE)))


def test_an_activation_in_the_place_of_use_bias():
    with pytest.raises(
        mc.ConfigError, match="True or False, got 'relu'; write activation=\"relu\""
    ):
        mc.Dense(2, use_bias="relu")
    with pytest.raises(mc.ConfigError, match="use_bias to be True or False, got 0"):
        mc.Conv2D(2, 3, use_bias=0)
    assert mc.Dense(2, "relu").activation == "relu"  # as in Keras


# ---- the layers of a network ---------------------------------------------------------------------


def network():
    return mc.Sequential([mc.Dense(3), mc.ReLU(), mc.Dense(1)], input_shape=(2,))


def test_a_layer_by_its_place_or_name():
    model = network()
    assert model[0] is model[np.int64(0)] is model[-3] is model["dense_1"] is model.layers[0]
    assert list(model) == model.layers


@pytest.mark.parametrize("which", [3, -4, 1.0, True, None, "conv2d_1", slice(0, 2)])
def test_a_layer_that_is_not_there(which):
    with pytest.raises(mc.NoSuchLayerError, match=r"dense_1, relu_1, dense_2.*got"):
        network()[which]
    assert issubclass(mc.NoSuchLayerError, IndexError)


@pytest.mark.parametrize("use", ["predict", "infer", "evaluate"])
def test_a_layer_appended_behind_the_network_s_back(use):
    model = network()
    model.compile("sgd", "mse")
    model.layers.append(mc.Dense(1))
    with pytest.raises(mc.NotBuiltError, match=r"model.add\(layer\)"):
        getattr(model, use)(np.ones((2, 2)), *([np.ones(2)] if use == "evaluate" else []))
