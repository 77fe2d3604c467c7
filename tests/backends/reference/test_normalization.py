import numpy as np

from minicnn.backends.reference import batchnorm_inference, batchnorm_training, moving_average


def test_training_by_hand():
    #  channel 0: 1 3, mean 2, var ((-1)² + 1²) / 2 = 1;   channel 1: 10 50, mean 30, var 400
    x = np.array([[1.0, 10.0], [3.0, 50.0]])
    gamma, beta = np.array([3.0, 41.0]), np.array([5.0, 0.0])
    y, mean, var = batchnorm_training(x, gamma, beta, epsilon=1.25)
    np.testing.assert_array_equal(mean, [2, 30])
    np.testing.assert_array_equal(var, [1, 400])
    #  channel 0: sqrt(1 + 1.25) = 1.5, so 3·(∓1)/1.5 + 5
    np.testing.assert_allclose(y[:, 0], [3, 7], rtol=1e-15)
    np.testing.assert_allclose(y[:, 1], [-820 / 401.25**0.5, 820 / 401.25**0.5], rtol=1e-15)


def test_inference_uses_the_figures_it_is_given():
    x = np.array([[7.0]])
    y = batchnorm_inference(x, np.array([2.0]), np.array([1.0]), np.array([3.0]),
                            np.array([3.75]), epsilon=0.25)  # fmt: skip
    assert y.item() == 2 * (7 - 3) / 2 + 1


def test_all_axes_but_the_last_are_the_batch():
    x = np.random.default_rng(0).normal(3, 2, size=(2, 3, 4, 5)).astype(np.float32)
    ones, zeros = np.ones(5, np.float32), np.zeros(5, np.float32)
    y, mean, var = batchnorm_training(x, ones, zeros, epsilon=0.0)
    assert y.dtype == mean.dtype == var.dtype == np.float32
    np.testing.assert_allclose(mean, x.mean(axis=(0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(var, x.var(axis=(0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(y.mean(axis=(0, 1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(y.var(axis=(0, 1, 2)), 1, rtol=1e-5)


def test_a_running_figure_keeps_momentum_of_the_old():
    new = moving_average(np.array([8.0]), np.array([16.0]), momentum=0.75)
    assert new.item() == 6 + 4
