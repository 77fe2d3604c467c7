"""Several steps of every optimizer, number by number, against the reference's loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.backends import reference
from tests.strategies import dtypes, seeds, untouched

rates = st.floats(1e-4, 0.5)
fractions = st.floats(0, 0.99)
# Adam is written as Keras writes it, v += (g² - v)(1 - β₂): near β₂ = 0 a small g² that follows a
# large v drowns in float32's rounding. Nobody trains there.
betas = st.floats(0.5, 0.999)
STEPS = 4


def walk(optimizer, step, dtype, seed, tolerance=1e-12):
    """Both take the same steps; ``step(p, g, slots, t)`` is the reference's."""
    rng = np.random.default_rng(seed)
    p = rng.standard_normal((2, 3)).astype(dtype)
    expected, slots = p.astype(np.float64), None
    tolerance = tolerance if dtype == np.float64 else 5e-5
    for t in range(1, STEPS + 1):
        g = (rng.standard_normal((2, 3)) * 10.0 ** rng.integers(-3, 2)).astype(dtype)
        with untouched(g):
            optimizer.apply({"w": p}, {"w": g})
        expected, *slots = step(expected, g.astype(np.float64), slots, t)
        assert p.dtype == dtype
        np.testing.assert_allclose(p, expected, rtol=tolerance, atol=tolerance)
    assert optimizer.step_count == STEPS


def or_zeros(slots, p, count):
    return slots or [np.zeros(p.shape)] * count


@given(lr=rates, momentum=fractions, nesterov=st.booleans(), dtype=dtypes, seed=seeds)
def test_sgd(lr, momentum, nesterov, dtype, seed):
    def step(p, g, slots, t):
        return reference.sgd(p, g, *or_zeros(slots, p, 1), lr, momentum, nesterov)

    walk(mc.SGD(lr, momentum, nesterov), step, dtype, seed)


@given(lr=rates, rho=fractions, epsilon=st.floats(1e-7, 0.1), dtype=dtypes, seed=seeds)
def test_rmsprop(lr, rho, epsilon, dtype, seed):
    def step(p, g, slots, t):
        return reference.rmsprop(p, g, *or_zeros(slots, p, 1), lr, rho, epsilon)

    walk(mc.RMSprop(lr, rho, epsilon), step, dtype, seed)


@given(lr=rates, rho=fractions, momentum=st.floats(0.1, 0.99), seed=seeds, data=st.data())
def test_rmsprop_with_momentum_and_centred(lr, rho, momentum, seed, data):
    centered = data.draw(st.booleans())
    epsilon = data.draw(st.floats(1e-3, 0.1))

    def step(p, g, slots, t):
        v, m, *mean = or_zeros(slots, p, 2 + centered)
        return reference.rmsprop(
            p, g, v, lr, rho, epsilon, momentum=momentum, m=m, mean_g=mean[0] if centered else None
        )

    # Centred, the spread is a difference, which loses digits.
    walk(mc.RMSprop(lr, rho, epsilon, momentum, centered), step, np.float64, seed, 1e-8)


def test_a_constant_gradient_has_no_spread_and_rounding_gives_it_none_below_zero():
    g = np.array([0.7, 0.777, 3.3, 30, 251], np.float32)
    p, optimizer = np.zeros(5, np.float32), mc.RMSprop(1e-3, centered=True)
    for _ in range(300):
        optimizer.apply({"w": p}, {"w": g})
    assert np.isfinite(p).all()
    assert (p < 0).all()


@given(lr=rates, b1=betas, b2=betas, epsilon=st.floats(1e-7, 0.1), dtype=dtypes, seed=seeds)
def test_adam(lr, b1, b2, epsilon, dtype, seed):
    def step(p, g, slots, t):
        return reference.adam(p, g, *or_zeros(slots, p, 2), t, lr, b1, b2, epsilon)

    walk(mc.Adam(lr, b1, b2, epsilon), step, dtype, seed)


@given(lr=rates, decay=fractions, b1=betas, b2=betas, dtype=dtypes, seed=seeds)
def test_adamw(lr, decay, b1, b2, dtype, seed):
    def step(p, g, slots, t):
        return reference.adamw(p, g, *or_zeros(slots, p, 2), t, lr, b1, b2, 1e-3, decay)

    walk(mc.AdamW(lr, decay, b1, b2, 1e-3), step, dtype, seed)


OPTIMIZERS = [
    mc.SGD,
    lambda: mc.SGD(0.1, 0.9, nesterov=True),
    mc.RMSprop,
    lambda: mc.RMSprop(momentum=0.5, centered=True),
    mc.Adam,
    mc.AdamW,
]


@pytest.mark.parametrize("make", OPTIMIZERS)
def test_parameters_do_not_know_one_another(make):
    rng = np.random.default_rng(0)
    start = {"a/W": rng.standard_normal((2, 2)), "b/W": rng.standard_normal(3)}
    grads = [{k: rng.standard_normal(p.shape) for k, p in start.items()} for _ in range(3)]
    together, optimizer = {k: p.copy() for k, p in start.items()}, make()
    for g in grads:
        optimizer.apply(together, g)
    for key, p in start.items():
        alone, optimizer = p.copy(), make()
        for g in grads:
            optimizer.apply({key: alone}, {key: g[key]})
        np.testing.assert_array_equal(alone, together[key])


@pytest.mark.parametrize("make", OPTIMIZERS)
def test_a_parameter_without_a_gradient_stays(make):
    params = {"a": np.ones(2), "b": np.ones(2)}
    make().apply(params, {"a": np.ones(2)})
    assert (params["a"] != 1).all()
    assert (params["b"] == 1).all()


def test_only_the_slots_that_are_needed_are_kept():
    for optimizer, slots in [
        (mc.SGD(), []),
        (mc.SGD(momentum=0.9), ["m"]),
        (mc.RMSprop(), ["v"]),
        (mc.RMSprop(momentum=0.5), ["v", "m"]),
        (mc.RMSprop(centered=True), ["v", "mean"]),
        (mc.Adam(), ["m", "v"]),
    ]:
        optimizer.apply({"w": np.ones(2)}, {"w": np.ones(2)})
        assert list(optimizer.memory["w"]) == slots


def test_a_gradient_of_another_shape():
    with pytest.raises(mc.ShapeError, match=r"w: .*\(2,\), got \(1, 2\)"):
        mc.SGD().apply({"w": np.ones(2)}, {"w": np.ones((1, 2))})


def test_optimizers_are_printed_as_they_are_made():
    assert repr(mc.SGD(0.1, 0.9)) == "SGD(learning_rate=0.1, momentum=0.9, nesterov=False)"
    assert mc.AdamW().config()["weight_decay"] == 0.004
