import math

import numpy as np
import pytest

from minicnn.backends.reference import gelu, relu6, sigmoid, silu, softmax, softplus


def test_sigmoid_by_hand():
    # exp(-log 3) = 1/3, so sigmoid(log 3) = 1 / (1 + 1/3) = 3/4
    x = np.array([[0.0, math.log(3)], [-math.log(3), 1e4]])
    np.testing.assert_allclose(sigmoid(x), [[0.5, 0.75], [0.25, 1.0]], rtol=1e-15)


def test_sigmoid_keeps_tiny_probabilities():
    y = sigmoid(np.array([-700.0, -1e4]))
    assert y[0] == pytest.approx(math.exp(-700), rel=1e-15)
    assert y[1] == 0


def test_softmax_by_hand():
    x = np.log([[1.0, 2.0, 5.0], [3.0, 3.0, 4.0]])
    np.testing.assert_allclose(softmax(x), [[1 / 8, 2 / 8, 5 / 8], [0.3, 0.3, 0.4]], rtol=1e-14)


def test_softmax_of_huge_logits():
    np.testing.assert_array_equal(
        softmax(np.array([[1e4, -1e4], [1e4, 1e4]])), [[1, 0], [0.5, 0.5]]
    )


def test_softmax_works_over_the_last_axis_of_any_shape():
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(np.float32)
    y = softmax(x)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y.sum(axis=-1), 1, rtol=1e-6)
    np.testing.assert_array_equal(y[1, 2, 3], softmax(x[1, 2, 3]))


def test_sigmoid_is_softmax_of_two():
    z = np.linspace(-30, 30, 13)
    pair = np.stack([z, np.zeros_like(z)], axis=-1)
    np.testing.assert_allclose(sigmoid(z), softmax(pair)[:, 0], rtol=1e-14)


def test_the_others_by_hand():
    x = np.array([-1.0, 0.0, 1.0, 7.0])
    np.testing.assert_array_equal(relu6(x), [0, 0, 1, 6])
    e = math.e
    log = [math.log(1 + 1 / e), math.log(2), math.log(1 + e), math.log(1 + e**7)]
    np.testing.assert_allclose(softplus(x), log, rtol=1e-15)
    np.testing.assert_allclose(silu(x[:3]), [-1 / (1 + e), 0, e / (1 + e)], rtol=1e-15)
    within = math.erf(1 / math.sqrt(2))  # the share within one standard deviation: 68 %
    np.testing.assert_allclose(gelu(x[:3]), [-(1 - within) / 2, 0, (1 + within) / 2], rtol=1e-15)
    np.testing.assert_array_equal(softplus(np.array([-1e4, 1e4])), [0, 1e4])
