"""What hypothesis draws for more than one room: windows on maps, and arrays laid out oddly."""

from contextlib import contextmanager

import numpy as np
from hypothesis import strategies as st

from minicnn.backends import Window
from tests.effort import examples

# Tiny arrays and many options at once: these can afford more examples than usual.
many = examples(100)

seeds = st.integers(0, 2**32 - 1)
dtypes = st.sampled_from([np.float32, np.float64])
memory_layouts = st.sampled_from(["C", "Fortran", "every other", "backwards", "transposed"])


def laid_out(a, layout):
    """The same numbers, lying differently in memory."""
    if layout == "Fortran":
        return np.asfortranarray(a)
    if layout == "every other":
        wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1]), a.dtype)
        wide[..., ::2] = a
        return wide[..., ::2]
    if layout == "backwards":
        return np.ascontiguousarray(a[:, ::-1])[:, ::-1]
    if layout == "transposed":
        return np.ascontiguousarray(a.swapaxes(1, -1)).swapaxes(1, -1)
    return np.ascontiguousarray(a)


@st.composite
def arrays(draw, shape, dtype, whole=False):
    """Numbers of about 1 (or whole ones from -3 to 3, which tie often) in any memory layout."""
    rng = np.random.default_rng(draw(seeds))
    numbers = rng.integers(-3, 4, shape) if whole else rng.standard_normal(shape)
    return laid_out(numbers.astype(dtype), draw(memory_layouts))


def pairs(low, high):
    return st.tuples(st.integers(low, high), st.integers(low, high))


@st.composite
def windows(draw, pooling=False):
    """A window on a map, with every kind of padding.

    A pool has no gaps, and at least one cell of the map under it wherever it stands.
    """
    kernel, strides = draw(pairs(1, 3)), draw(pairs(1, 3))
    dilation = (1, 1) if pooling else draw(pairs(1, 2))
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    size = (draw(st.integers(reach[0], 7)), draw(st.integers(reach[1], 7)))
    widest = min(kernel) - 1 if pooling else 2
    sides = st.tuples(pairs(0, widest), pairs(0, widest))
    padding = draw(st.sampled_from(["valid", "same"]) | st.integers(0, widest) | sides)
    return Window.fit(size, kernel, strides, padding, dilation)


@st.composite
def maps(draw, window, whole=False):
    """Pictures that the window fits: (N, H, W, C)."""
    N, C = draw(pairs(1, 3))
    return draw(arrays((N, *window.size, C), draw(dtypes), whole))


@contextmanager
def untouched(*given):
    """Whatever is done inside leaves these arrays as they were."""
    before = [a.copy() for a in given]
    yield
    for a, copy in zip(given, before, strict=True):
        np.testing.assert_array_equal(a, copy, err_msg="an input was changed")


def assert_agrees(actual, expected, exact=False):
    """Equal in shape and dtype, and in value but for the order of the sums."""
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    loose = 0 if exact else 2e-5 if expected.dtype == np.float32 else 1e-12
    np.testing.assert_allclose(actual, expected, rtol=loose, atol=loose)
