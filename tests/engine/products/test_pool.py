"""The pool over planes: the maximum of each window, and its gradient to the first that has it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minicnn.backends import Window
from minicnn.backends.numpy_ops import NumpyOps
from minicnn.engine.products.pool import pool, share_out


@given(st.integers(1, 3), st.integers(1, 3), st.integers(0, 1000))
def test_it_is_the_layers_pool(A, B, seed):
    """Whole numbers from 0 to 3: windows are full of ties."""
    x = np.random.default_rng(seed).integers(0, 4, (2, 3 * A, 4 * B, 5)).astype(float)
    window = Window.fit((3 * A, 4 * B), (A, B), (A, B), "valid", (1, 1), "pool")
    y, _ = NumpyOps().maxpool(x, window)
    planes = np.array([[x[:, a::A, b::B] for b in range(B)] for a in range(A)])
    best, winners = pool(planes.copy(), lambda k, shape: np.empty(shape, bool), np)
    np.testing.assert_array_equal(best, y)
    alone, none = pool(planes.copy(), None, np)
    np.testing.assert_array_equal(alone, y)
    assert none == []
    dy = np.random.default_rng(seed + 1).standard_normal(y.shape)
    dplanes = np.full(planes.shape, np.nan)
    dplanes[0, 0] = dy
    share_out(dplanes, winners, np)
    # Of equal cells another one may win than the layer's, but one wins, and it gets all of dy.
    np.testing.assert_allclose(dplanes.sum(axis=(0, 1)), dy, rtol=1e-12)
    assert (planes[dplanes != 0] == np.broadcast_to(y, planes.shape)[dplanes != 0]).all()
    assert ((dplanes != 0).sum(axis=(0, 1)) == 1).all()
