import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicnn.backends.normal import normal_cdf, normal_density

PLACES = np.concatenate([np.linspace(-37, 37, 2001), [0.0, -0.0, 1e-300, -1e-300, 1e300, -1e300]])


def exact(x):
    return np.array([math.erfc(-value / math.sqrt(2)) / 2 for value in x])


def test_it_is_python_s_erfc_to_the_last_digits():
    # e^(-z²/2) alone rounds z² / 2 in its last digit: far out that is the relative error.
    close = 1e-15 * (4 + np.clip(PLACES, -40, 40) ** 2)
    error = np.abs(normal_cdf(np, PLACES) - exact(PLACES))
    assert np.all(error <= close * exact(PLACES))


@given(st.floats(-30, 30))
def test_both_sides_add_up_to_one(x):
    assert normal_cdf(np, np.array([x, -x])).sum() == pytest.approx(1, rel=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_density_is_the_slope_and_nothing_overflows(dtype):
    x = np.linspace(-5, 5, 101)
    rise = (normal_cdf(np, x + 1e-5) - normal_cdf(np, x - 1e-5)) / 2e-5
    np.testing.assert_allclose(normal_density(np, x), rise, rtol=1e-8, atol=2e-11)  # ε / 1e-5
    huge = np.array([-np.finfo(dtype).max, -1e30, 1e30, np.finfo(dtype).max], dtype)
    np.testing.assert_array_equal(normal_density(np, huge), np.zeros(4, dtype))
    np.testing.assert_array_equal(normal_cdf(np, huge), [0, 0, 1, 1])
    assert np.isnan(normal_cdf(np, np.array([np.nan]))).all()


def test_in_single_precision():
    x = PLACES[np.abs(PLACES) < 10].astype(np.float32)
    y = normal_cdf(np, x)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, exact(x.astype(float)), rtol=1e-5)
