"""The fused updates move parameters as the rules' own lines do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.backends.ops import Ops
from tests.strategies import dtypes, seeds

OPTIMIZERS = {
    "sgd": lambda lr: mc.SGD(lr),
    "sgd with momentum": lambda lr: mc.SGD(lr, momentum=0.9),
    "nesterov": lambda lr: mc.SGD(lr, momentum=0.9, nesterov=True),
    "rmsprop": lambda lr: mc.RMSprop(lr),
    "rmsprop with momentum": lambda lr: mc.RMSprop(lr, momentum=0.5),
    "centred rmsprop": lambda lr: mc.RMSprop(lr, epsilon=0.1, centered=True),
    "all of rmsprop": lambda lr: mc.RMSprop(lr, epsilon=0.1, momentum=0.5, centered=True),
    "adam": lambda lr: mc.Adam(lr),
    "adamw": lambda lr: mc.AdamW(lr, weight_decay=0.1),
}


def walk(optimizer, asarray, shape, dtype, seed, gradient=lambda g: g):
    """The parameter and the slots after three steps."""
    rng = np.random.default_rng(seed)
    p = asarray(rng.standard_normal(shape).astype(dtype))
    for _ in range(3):
        g = gradient(asarray(rng.standard_normal(shape).astype(dtype)))
        before = g.copy()
        optimizer.apply({"w": p}, {"w": g})
        assert (g == before).all()
    return {"p": p, **optimizer.memory["w"]}


@pytest.mark.parametrize("name", OPTIMIZERS)
@given(lr=st.floats(1e-4, 0.5), dtype=dtypes, seed=seeds, size=st.integers(1, 600))
def test_a_fused_update_is_the_rule(cupy_ops, name, lr, dtype, seed, size):
    make = OPTIMIZERS[name]
    expected = walk(make(lr), np.asarray, (size,), dtype, seed)
    found = walk(make(lr), cupy_ops.asarray, (size,), dtype, seed)
    loose = 2e-5 if dtype == np.float32 else 1e-12
    for key, e in expected.items():
        np.testing.assert_allclose(found[key].get(), e, rtol=loose, atol=loose, err_msg=key)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_gradient_out_of_order_goes_by_the_rules_own_lines(cupy_ops, name, monkeypatch):
    make = OPTIMIZERS[name]
    passes = []
    fused = type(cupy_ops).all_in_one_pass
    monkeypatch.setattr(
        type(cupy_ops), "all_in_one_pass", lambda *a: passes.append(fused(*a)) or passes[-1]
    )
    expected = walk(make(0.1), np.asarray, (4, 3), np.float64, 0)
    transposed = walk(
        make(0.1), cupy_ops.asarray, (4, 3), np.float64, 0, cupy_ops.xp.asfortranarray
    )
    for key, e in expected.items():
        np.testing.assert_allclose(transposed[key].get(), e, rtol=1e-12, atol=1e-12)
    assert not any(passes)
    passes.clear()
    walk(make(0.1), cupy_ops.asarray, (4, 3), np.float64, 0)
    assert passes == [True] * 3


def test_numpy_has_no_fused_updates():
    p = np.ones(2)
    assert not Ops().in_one_pass("sgd", (p, p, p), (0.1, 0.0, 0.0))


def test_an_optimizer_with_a_move_of_its_own_is_asked_for_every_parameter(cupy_ops):
    moved = []

    class Counting(mc.SGD):
        def move(self, p, g, slots, lr, step, ops):
            moved.append(p.shape)

    model = mc.Sequential([mc.Dense(2), mc.Dense(1)], input_shape=(3,))
    model.compile(Counting(0.1), "mse")
    before = model.get_weights()
    model.fit(np.ones((4, 3), np.float32), np.ones((4, 1)), epochs=2, batch_size=4, verbose=0)
    assert moved == 2 * [(3, 2), (2,), (2, 1), (1,)]
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
