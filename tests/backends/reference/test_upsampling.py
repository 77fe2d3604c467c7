import numpy as np

from minicnn.backends.reference import upsample, upsample_backward


def test_every_cell_becomes_a_block():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])[None, :, :, None]
    np.testing.assert_array_equal(
        upsample(x, (2, 3))[0, :, :, 0],
        [
            [1, 1, 1, 2, 2, 2],
            [1, 1, 1, 2, 2, 2],
            [3, 3, 3, 4, 4, 4],
            [3, 3, 3, 4, 4, 4],
        ],
    )


def test_the_gradient_of_a_cell_is_the_sum_of_its_block():
    dy = np.array([[1.0, 2.0, 10.0, 20.0], [3.0, 4.0, 30.0, 40.0]])[None, :, :, None]
    np.testing.assert_array_equal(upsample_backward(dy, (2, 2)).ravel(), [10, 100])


def test_channels_and_samples_stay_apart():
    x = np.arange(4.0, dtype=np.float32).reshape(2, 1, 1, 2)
    y = upsample(x, (1, 2))
    np.testing.assert_array_equal(y[:, 0], [[[0, 1], [0, 1]], [[2, 3], [2, 3]]])
    assert y.dtype == upsample_backward(y, (1, 2)).dtype == np.float32
    np.testing.assert_array_equal(upsample_backward(y, (1, 2)), 2 * x)
