import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.backends import reference
from tests.strategies import dtypes, seeds

scales = st.sampled_from([1.0, 30.0, 1e4])
FROM_LOGITS = mc.CategoricalCrossentropy(from_logits=True)


@given(N=st.integers(1, 4), K=st.integers(2, 5), seed=seeds, dtype=dtypes, scale=scales)
def test_from_logits_it_is_the_reference_s(N, K, seed, dtype, scale):
    rng = np.random.default_rng(seed)
    z = (rng.uniform(-1, 1, (N, K)) * scale).astype(dtype)
    y = np.eye(K)[rng.integers(0, K, N)]
    each = reference.categorical_crossentropy(z.astype(np.float64), y)
    value, cache = FROM_LOGITS.forward(z, y)
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    assert value == pytest.approx(each.mean(), rel=tolerance, abs=tolerance)
    expected = (reference.softmax(z.astype(np.float64)) - y) / N
    np.testing.assert_allclose(
        FROM_LOGITS.backward(cache), expected, rtol=tolerance, atol=tolerance
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("true", "value", "slope"), [(0, 0, [0, 0, 0]), (1, 2e4, [1, -1, 0]), (2, 1e4, [1, 0, -1])]
)
def test_the_largest_logits_are_exact(dtype, true, value, slope):
    loss = mc.SparseCategoricalCrossentropy(from_logits=True)
    got, cache = loss.forward(np.array([[1e4, -1e4, 0]], dtype), [true])
    assert got == value
    np.testing.assert_array_equal(loss.backward(cache), [slope])


@given(K=st.integers(2, 5), seed=seeds)
def test_class_numbers_are_short_for_one_hot_rows(K, seed):
    rng = np.random.default_rng(seed)
    z, classes = rng.standard_normal((3, 2, K)), rng.integers(0, K, (3, 2))
    sparse = mc.SparseCategoricalCrossentropy(from_logits=True)
    one_hot = FROM_LOGITS.forward(z, np.eye(K)[classes])
    for same in (classes, classes[..., None], classes.astype(np.float32), classes.astype(np.uint8)):
        value, cache = sparse.forward(z, same)
        assert value == one_hot[0]
        np.testing.assert_array_equal(sparse.backward(cache), FROM_LOGITS.backward(one_hot[1]))


@given(p=st.floats(0.01, 0.99), scale=st.floats(0.1, 10))
def test_probabilities_are_divided_by_their_sum(p, scale):
    value, _ = mc.CategoricalCrossentropy().forward(
        np.array([[p, 1 - p]]) * scale, np.array([[1.0, 0.0]])
    )
    assert value == pytest.approx(-math.log(p), rel=1e-9)


def test_soft_labels():
    value, cache = FROM_LOGITS.forward(np.array([[0.0, 0.0]]), np.array([[0.25, 0.75]]))
    assert value == pytest.approx(math.log(2))
    np.testing.assert_allclose(FROM_LOGITS.backward(cache), [[0.25, -0.25]])


def test_labels_that_are_no_probabilities():
    with pytest.raises(mc.LabelError, match="expected labels from 0 to 1, got 2"):
        FROM_LOGITS.forward(np.zeros((1, 2)), np.array([[2.0, 0.0]]))
