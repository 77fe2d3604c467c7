import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.backends import reference
from tests.strategies import dtypes, pairs, seeds

scales = st.sampled_from([1.0, 30.0, 1e4])


@given(shape=pairs(1, 4), seed=seeds, dtype=dtypes, scale=scales)
def test_from_logits_it_is_the_reference_s(shape, seed, dtype, scale):
    rng = np.random.default_rng(seed)
    z = (rng.uniform(-1, 1, shape) * scale).astype(dtype)
    y = rng.integers(0, 2, shape)
    each = reference.binary_crossentropy(z.astype(np.float64), y)
    value, cache = mc.BinaryCrossentropy(from_logits=True).forward(z, y)
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    assert value == pytest.approx(each.mean(), rel=tolerance, abs=tolerance)
    slope = mc.BinaryCrossentropy(from_logits=True).backward(cache)
    expected = (reference.sigmoid(z.astype(np.float64)) - y) / y.size
    np.testing.assert_allclose(slope, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("z", "y", "value", "slope"),
    [(1e4, 1, 0, 0), (-1e4, 0, 0, 0), (1e4, 0, 1e4, 1), (-1e4, 1, 1e4, -1)],
)
def test_the_largest_logits_are_exact(dtype, z, y, value, slope):
    loss = mc.BinaryCrossentropy(from_logits=True)
    got, cache = loss.forward(np.array([[z]], dtype), [y])
    assert (got, loss.backward(cache).item()) == (value, slope)


@given(p=st.floats(1e-6, 1 - 1e-6), y=st.floats(0, 1))
def test_from_probabilities_it_is_the_formula(p, y):
    value, _ = mc.BinaryCrossentropy().forward(np.array([[p]]), np.array([[y]]))
    assert value == pytest.approx(-(y * math.log(p) + (1 - y) * math.log1p(-p)), rel=1e-9)


@given(seed=seeds)
def test_both_ways_agree_where_both_can(seed):
    rng = np.random.default_rng(seed)
    z, y = rng.uniform(-8, 8, (5, 2)), rng.integers(0, 2, (5, 2))
    from_z, _ = mc.BinaryCrossentropy(from_logits=True).forward(z, y)
    from_p, _ = mc.BinaryCrossentropy().forward(reference.sigmoid(z), y)
    assert from_z == pytest.approx(from_p, rel=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("p", "y"), [(0, 1), (1, 0)])
def test_probabilities_of_0_and_1_are_kept_off_the_edge_where_the_loss_is_flat(dtype, p, y):
    value, cache = mc.BinaryCrossentropy().forward(np.array([[p]], dtype), [y])
    assert value == pytest.approx(-math.log(1e-7), rel=0.02)  # 1 - 1e-7 is coarse in float32
    assert mc.BinaryCrossentropy().backward(cache).item() == 0
