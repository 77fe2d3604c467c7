"""What containers know about the layers inside them."""

import numpy as np
import pytest

import minicnn as mc


def built(layer, shape=(3,)):
    layer.build(shape, np.random.default_rng(0))
    return layer


CONTAINERS = {
    "chain": lambda *layers: mc.Chain(*layers),
    "concat": lambda *layers: mc.Concat(*layers),
    "residual": lambda body, shortcut: mc.Residual(body, shortcut),
    "chain in a chain": lambda *layers: mc.Chain(mc.Chain(*layers)),
}
every_container = pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)


@every_container
def test_one_layer_that_needs_the_whole_batch_is_enough(container):
    assert built(container(mc.ReLU(), mc.Tanh())).per_sample
    assert not built(container(mc.ReLU(), mc.BatchNorm())).per_sample


@every_container
def test_parameters_are_those_inside_and_not_copies(container):
    first, second = mc.Dense(3, name="first"), mc.BatchNorm(name="second")
    outer = built(container(first, second))
    assert list(outer.params) == [
        f"{layer.path}/{key}" for layer in (first, second) for key in layer.params
    ]
    assert outer.params[f"{first.path}/W"] is first.params["W"]
    assert outer.count_params() == 3 * 3 + 3 + 2 * 3
    outer.set_state({f"{second.path}/mean": np.full(3, 7.0)})
    np.testing.assert_array_equal(second.state["mean"], 7)
    np.testing.assert_array_equal(second.state["var"], 1)
    outer.astype(np.float64)
    assert {p.dtype for p in (*outer.params.values(), *outer.state.values())} == {np.dtype(float)}


def test_every_layer_knows_its_path_and_its_place():
    conv = mc.Conv2D(2, 3, padding="same")
    model = mc.Sequential(
        [mc.ReLU(), mc.Residual(mc.Chain(mc.Tanh(), conv))], input_shape=(4, 4, 2)
    )
    assert conv.path == "residual_1/chain_1/conv2d_1"
    assert conv.where == "residual_1/chain_1/conv2d_1 (Conv2D, layer 2 of 2)"
    assert [layer.path for layer in model.walk()] == [
        "",
        "relu_1",
        "residual_1",
        "residual_1/chain_1",
        "residual_1/chain_1/tanh_1",
        "residual_1/chain_1/conv2d_1",
        "residual_1/shortcut",
    ]


@every_container
def test_running_figures_of_a_step_come_from_every_layer_inside(container):
    outer = built(container(mc.BatchNorm(name="a"), mc.BatchNorm(name="b")))
    _, cache = outer.forward(np.random.default_rng(0).standard_normal((4, 3)), training=True)
    assert outer.next_state(cache).keys() == outer.state.keys()
    assert len(outer.state) == 4
    _, cache = outer.forward(np.ones((4, 3)))
    assert outer.next_state(cache) == {}


def test_an_empty_chain_passes_everything_through():
    chain, x = built(mc.Chain()), np.ones((2, 3))
    y, cache = chain.forward(x)
    dx, grads = chain.backward(2 * x, cache)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(dx, 2 * x)
    assert grads == {}
