"""Strips, lines and the gradient of the input: each the same convolution as by im2col."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minicnn.backends import Window
from minicnn.backends.numpy_ops import NumpyOps
from minicnn.engine import engine_options
from minicnn.engine.memory.recording import Workspace
from minicnn.engine.products.input_gradient import InputGradient
from minicnn.engine.products.lines import Lines
from minicnn.engine.products.slide import Slide
from minicnn.engine.products.strips import Strips

OPS = NumpyOps()


@st.composite
def geometries(draw):
    """A window over small maps, with C channels and F filters, and a pool that tiles its output."""
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    strides = draw(st.sampled_from([(1, 1), (1, 1), (2, 1), (1, 3)]))
    dilation = draw(st.sampled_from([(1, 1), (1, 1), (1, 2), (2, 1)]))
    pool = draw(st.sampled_from([(1, 1), (2, 2), (2, 1), (1, 3)]))
    out = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    size = tuple(
        (o * p - 1) * s + (k - 1) * d + 1 + draw(st.integers(0, s - 1))
        for o, p, k, s, d in zip(out, pool, kernel, strides, dilation, strict=True)
    )
    C, F = draw(st.sampled_from([(1, 3), (4, 4), (3, 16), (16, 2)]))
    return size, kernel, strides, dilation, pool, out, C, F


def drawn(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def by_columns(x, W, size, kernel, strides, dilation):
    window = Window.fit(size, kernel, strides, "valid", dilation, "here")
    return window, OPS.kernel_product(OPS.im2col(x, window), W)


@given(geometries(), st.integers(1, 3), st.booleans(), st.integers(0, 100))
def test_strips_are_the_convolution_and_its_kernels_gradient(geometry, N, shared, seed):
    size, kernel, strides, dilation, pool, out, C, F = geometry
    x, W = drawn(seed, (N, *size, C), (*kernel, C, F))
    window, expected = by_columns(x, W, size, kernel, strides, dilation)
    work = Workspace()
    with engine_options(strips=shared):
        strips = Strips(Slide(size, kernel, strides, dilation, pool, out), C, F)
    rows = strips.of(x, work)
    array = np.full(strips.shape_for(N), np.nan)
    strips.times(rows, np.ascontiguousarray(strips.kernel(W)), array, N, work)
    planes = strips.planes(array, N)  # (A, B, N, OQ, OP, F)
    (A, B), (OP, OQ) = pool, out
    for a, b in np.ndindex(A, B):
        cells = expected[:, a : OP * A : A, b : OQ * B : B]
        np.testing.assert_allclose(planes[a, b].swapaxes(1, 2), cells, rtol=0, atol=1e-10)
    (dy,) = drawn(seed + 1, planes.shape)
    array[...] = 0
    strips.planes(array, N)[...] = dy
    dW = np.full((strips.K, F), np.nan)
    strips.gradient(rows, array, dW, N, work)
    whole = np.zeros(expected.shape)
    for a, b in np.ndindex(A, B):
        whole[:, a : OP * A : A, b : OQ * B : B] = dy[a, b].swapaxes(1, 2)
    by_im2col = OPS.kernel_gradient(OPS.im2col(x, window), whole, W.shape)
    np.testing.assert_allclose(dW.reshape(W.shape), by_im2col, rtol=0, atol=1e-9)


@given(geometries(), st.integers(1, 3), st.integers(0, 100))
def test_the_inputs_gradient_is_col2ims(geometry, N, seed):
    size, kernel, strides, dilation, pool, out, C, F = geometry
    x, W = drawn(seed, (N, *size, C), (*kernel, C, F))
    window, y = by_columns(x, W, size, kernel, strides, dilation)
    strips = Strips(Slide(size, kernel, strides, dilation, pool, out), C, F)
    (A, B), (OP, OQ) = pool, out
    (dy,) = drawn(seed + 1, (A, B, N, OQ, OP, F))
    whole = np.zeros(y.shape)
    for a, b in np.ndindex(A, B):
        whole[:, a : OP * A : A, b : OQ * B : B] = dy[a, b].swapaxes(1, 2)
    expected = OPS.col2im(OPS.columns_gradient(whole, W), window)
    back = InputGradient(strips, size, (0, 0))
    work = Workspace()
    for _ in range(2):  # then in borders that were written before
        dx = back.run(dy, np.ascontiguousarray(back.kernel(W)), "dx", work)
        np.testing.assert_allclose(dx, expected, rtol=0, atol=1e-10)


@given(
    st.tuples(st.integers(3, 20), st.integers(3, 20)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.sampled_from([1, 2]),
    st.sampled_from([(4, 2), (3, 3), (16, 64)]),
    st.integers(1, 3),
)
def test_lines_are_the_convolution(size, kernel, apart, channels, N):
    (C, F), dilation = channels, (apart, 1)
    assume((kernel[0] - 1) * apart < size[0])
    x, W = drawn(0, (N, *size, C), (*kernel, C, F))
    window, expected = by_columns(x, W, size, kernel, (1, 1), dilation)
    lines = Lines(size, kernel, apart, C, F)
    room = np.zeros(lines.numbers_for(N))
    lines.maps(room, N)[...] = x
    y = lines.times(room, np.ascontiguousarray(lines.kernel(W)), N, "y", Workspace())
    (H, V), (P, Q) = window.out, size
    assert y.shape == (N, P, Q, F)
    np.testing.assert_allclose(y[:, :H, :V], expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("C", "F", "strides", "kind"),
    [(4, 4, (1, 1), "lines"), (8, 4, (1, 1), "back"), (4, 4, (2, 2), None)],
)
def test_which_way_the_inputs_gradient_goes(C, F, strides, kind):
    out = tuple((28 - 3) // s + 1 for s in strides)
    strips = Strips(Slide((28, 28), (3, 3), strides, (1, 1), (1, 1), out), C, F)
    way = InputGradient(strips, (28, 28), (0, 0))
    found = [name for name in ("lines", "back") if getattr(way, name) is not None]
    assert found == ([kind] if kind else [])
