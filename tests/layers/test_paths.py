import copy

import numpy as np
import pytest

import minicnn as mc


def network():
    return mc.Sequential([mc.Chain(mc.Dense(2), mc.BatchNorm()), mc.Dense(1)], input_shape=(3,))


@pytest.mark.parametrize(
    "put",
    [
        lambda params, path, a: params.__setitem__(path, a),
        lambda params, path, a: params.update({path: a}),
        lambda params, path, a: params.__ior__({path: a}),
    ],
)
def test_what_is_put_in_reaches_the_layer(put):
    model, W, mean = network(), np.full((3, 2), 7.0), np.full(2, 5.0)
    put(model.params, "chain_1/dense_1/W", W)
    put(model.state, "chain_1/batchnorm_1/mean", mean)
    assert model[0][0].params["W"] is W
    assert model[0][1].state["mean"] is mean
    assert model.params["chain_1/dense_1/W"] is W


def test_a_path_that_no_layer_has_is_refused():
    with pytest.raises(mc.ConfigError, match=r"expected one of chain_1/dense_1/W.*got 'dense_9/W'"):
        network().params["dense_9/W"] = np.ones(1)
    with pytest.raises(mc.ConfigError, match="dense_1/W to stay"):
        del network().params["dense_1/W"]


def test_otherwise_it_is_a_dictionary():
    model = network()
    params = model.params
    assert list(params) == [
        "chain_1/dense_1/W",
        "chain_1/dense_1/b",
        "chain_1/batchnorm_1/gamma",
        "chain_1/batchnorm_1/beta",
        "dense_1/W",
        "dense_1/b",
    ]
    assert type(params | {}) is dict
    assert network().layers[1].state == {}


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, dict])
def test_a_copy_belongs_to_nobody(copied):
    model = network()
    mine = copied(model.params)
    mine["dense_1/b"] = np.full(1, 9.0)
    assert model.params["dense_1/b"] == 0
