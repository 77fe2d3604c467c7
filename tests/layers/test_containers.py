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


# ---- layers that were built before -------------------------------------------------------------


@every_container
def test_a_new_container_keeps_what_a_layer_has_learnt(container):
    learnt, rest = built(mc.Dense(3)), mc.Dense(3)
    W, b = learnt.params["W"], learnt.params["b"]
    outer = built(container(learnt, rest))
    assert learnt.params["W"] is W
    assert learnt.params["b"] is b
    assert outer.infer(np.ones((2, 3))).shape[0] == 2


def test_a_network_in_a_new_network_keeps_its_weights_and_running_figures():
    base = mc.Sequential([mc.Dense(4), mc.BatchNorm(), mc.Chain(mc.Dense(2))], input_shape=(3,))
    base.compile("sgd", "mse")
    base.fit(np.ones((6, 3)), np.ones((6, 2)), verbose=0)
    before, answers = base.get_weights(), base.predict(np.ones((2, 3)))
    model = mc.Sequential([base, mc.Dense(1)], input_shape=(3,))
    for old, kept in zip(before, model.get_weights(), strict=False):
        np.testing.assert_array_equal(old, kept)
    np.testing.assert_array_equal(base.predict(np.ones((2, 3))), answers)
    assert base.layers[0].path == "sequential_1/dense_1"


def test_building_by_hand_draws_afresh_all_the_way_down():
    model = mc.Sequential([mc.Chain(mc.Dense(2)), mc.Dense(1)], input_shape=(3,), seed=1)
    fresh = model.get_weights()
    model.set_weights([w + 7 for w in fresh])
    model.build((3,))
    for old, new in zip(fresh, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    model.build((5,))
    assert model.params["chain_1/dense_1/W"].shape == (5, 2)


def test_weights_that_do_not_fit_a_new_place_are_not_lost_silently():
    layer = built(mc.Dense(2), (3,))
    W = layer.params["W"]
    with pytest.raises(mc.ShapeError, match=r"inputs of shape \(3,\).*got \(5,\)"):
        mc.Sequential([layer], input_shape=(5,))
    assert layer.params["W"] is W
    assert layer(np.ones((1, 3))).shape == (1, 2)


def test_filters_fit_pictures_of_any_size():
    conv = built(mc.Conv2D(2, 3), (8, 8, 1))
    W = conv.params["W"]
    model = mc.Sequential([conv, mc.ReLU()], input_shape=(6, 5, 1))
    assert model.output_shape == (4, 3, 2)
    assert conv.params["W"] is W
