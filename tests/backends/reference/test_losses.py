import math

import numpy as np
import pytest

from minicnn.backends.reference import binary_crossentropy, categorical_crossentropy


def test_binary_crossentropy_by_hand():
    # sigmoid(log 3) = 3/4
    z = np.array([math.log(3), math.log(3), 0.0, math.log(3)])
    t = np.array([1.0, 0.0, 1.0, 0.5])
    expected = [-math.log(3 / 4), -math.log(1 / 4), math.log(2),
                -0.5 * math.log(3 / 4) - 0.5 * math.log(1 / 4)]  # fmt: skip
    np.testing.assert_allclose(binary_crossentropy(z, t), expected, rtol=1e-15)


def test_binary_crossentropy_is_exact_far_out():
    z = np.array([1e4, 1e4, -1e4, -1e4, 50.0])
    t = np.array([1.0, 0.0, 1.0, 0.0, 1.0])
    loss = binary_crossentropy(z, t)
    np.testing.assert_array_equal(loss[:4], [0, 1e4, 1e4, 0])
    assert loss[4] == pytest.approx(math.exp(-50), rel=1e-15)


def test_categorical_crossentropy_by_hand():
    z = np.log([[1.0, 2.0, 5.0], [3.0, 3.0, 4.0]])
    t = np.array([[0.0, 1.0, 0.0], [0.5, 0.0, 0.5]])
    expected = [-math.log(2 / 8), -0.5 * math.log(0.3) - 0.5 * math.log(0.4)]
    np.testing.assert_allclose(categorical_crossentropy(z, t), expected, rtol=1e-14)


def test_categorical_crossentropy_is_exact_far_out():
    z = np.array([[1e4, -1e4], [1e4, -1e4], [1e4, 1e4]])
    t = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    np.testing.assert_array_equal(categorical_crossentropy(z, t), [0, 2e4, math.log(2)])


def test_two_classes_are_one_yes_or_no():
    z = np.array([-1e4, -50.0, -1.0, 0.0, 2.0, 50.0, 1e4])
    t = np.array([1.0, 0.0, 1.0, 0.25, 0.0, 1.0, 0.0])
    of_two = categorical_crossentropy(
        np.stack([z, np.zeros_like(z)], axis=-1), np.stack([t, 1 - t], axis=-1)
    )
    np.testing.assert_allclose(binary_crossentropy(z, t), of_two, rtol=1e-15)


def test_a_loss_for_every_pixel():
    z = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(np.float32)
    t = np.zeros_like(z)
    t[..., 2] = 1
    loss = categorical_crossentropy(z, t)
    assert (loss.shape, loss.dtype) == ((2, 3, 4), np.float32)
    assert loss[1, 2, 3] == categorical_crossentropy(z[1, 2, 3], t[1, 2, 3])
    assert binary_crossentropy(z, t).shape == z.shape
