"""What holds for every geometry, tried on geometries nobody thought of.

Most of these set a backward pass against its forward pass: a linear map A and its adjoint
satisfy ⟨A x, c⟩ = ⟨x, Aᵀ c⟩ for all x and c. The numbers are small whole ones, so both
sides are exact and the test is equality.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicnn.backends.reference import (
    avgpool,
    avgpool_backward,
    col2im,
    conv2d,
    conv2d_backward,
    im2col,
    maxpool,
    maxpool_backward,
    upsample,
    upsample_backward,
)
from tests.effort import examples

small = st.integers(1, 3)
pairs = st.tuples(small, small)
seeds = st.integers(0, 2**32 - 1)
quick = examples(100)


@st.composite
def placements(draw, pooling=False):
    """A picture's shape, a kernel, strides, pads and a dilation that fit together.

    Pooling windows have no gaps, and padding narrower than they are, so that each lies on
    the picture somewhere. A convolution may be padded as widely as one likes.
    """
    kernel, strides = draw(pairs), draw(pairs)
    dilation = (1, 1) if pooling else draw(pairs)
    size = [
        draw(st.integers((k - 1) * d + 1, 6 + k)) for k, d in zip(kernel, dilation, strict=True)
    ]
    widest = [k - 1 if pooling else 3 for k in kernel]
    pads = tuple((draw(st.integers(0, w)), draw(st.integers(0, w))) for w in widest)
    x_shape = (draw(st.integers(1, 2)), *size, draw(small))
    return x_shape, kernel, strides, pads, dilation


def whole_numbers(rng, shape):
    return rng.integers(-9, 10, shape).astype(np.float64)


def inner(a, b):
    """⟨a, b⟩: the sum of the products of cells in the same place."""
    assert a.shape == b.shape
    return float((a * b).sum())


@quick
@given(placements(), seeds)
def test_columns_are_slices_of_the_padded_picture(placement, seed):
    """The geometry said again without a window: what one kernel cell sees is one slice."""
    x_shape, (KH, KW), (sh, sw), pads, (dh, dw) = placement
    x = whole_numbers(np.random.default_rng(seed), x_shape)
    cols = im2col(x, (KH, KW), (sh, sw), pads, (dh, dw))
    padded = np.pad(x, ((0, 0), *pads, (0, 0)))
    down = padded.shape[1] - (KH - 1) * dh  # so many rows can be a window's first
    across = padded.shape[2] - (KW - 1) * dw
    slices = [
        padded[:, kh * dh : kh * dh + down : sh, kw * dw : kw * dw + across : sw]
        for kh in range(KH)
        for kw in range(KW)
    ]
    np.testing.assert_array_equal(cols, np.concatenate(slices, axis=3))


@quick
@given(placements(), seeds)
def test_col2im_is_the_adjoint_of_im2col(placement, seed):
    x_shape, *where = placement
    rng = np.random.default_rng(seed)
    x = whole_numbers(rng, x_shape)
    cols = im2col(x, *where)
    c = whole_numbers(rng, cols.shape)
    assert inner(cols, c) == inner(x, col2im(c, x_shape, *where))


@quick
@given(placements(), st.integers(1, 2), seeds)
def test_convolution_is_its_columns_times_the_kernel(placement, F, seed):
    x_shape, kernel, strides, pads, dilation = placement
    rng = np.random.default_rng(seed)
    x = whole_numbers(rng, x_shape)
    W = whole_numbers(rng, (*kernel, x_shape[3], F))
    cols = im2col(x, kernel, strides, pads, dilation)
    y = conv2d(x, W, None, strides, pads, dilation, 1)
    np.testing.assert_array_equal(y, cols @ W.reshape(-1, F))


@quick
@given(placements(), st.integers(1, 2), small, seeds)
def test_convolution_is_linear_in_picture_and_kernel(placement, groups, F_in_group, seed):
    (N, H, W_, C), kernel, *where = placement
    rng = np.random.default_rng(seed)
    x1, x2 = (whole_numbers(rng, (N, H, W_, C * groups)) for _ in range(2))
    W1, W2 = (whole_numbers(rng, (*kernel, C, F_in_group * groups)) for _ in range(2))

    def conv(x, W):
        return conv2d(x, W, None, *where, groups)

    np.testing.assert_array_equal(conv(3 * x1 - 2 * x2, W1), 3 * conv(x1, W1) - 2 * conv(x2, W1))
    np.testing.assert_array_equal(conv(x1, 3 * W1 - 2 * W2), 3 * conv(x1, W1) - 2 * conv(x1, W2))


@quick
@given(placements(), st.integers(1, 2), small, seeds)
def test_the_gradients_of_convolution_are_its_adjoints(placement, groups, F_in_group, seed):
    (N, H, W_, C), kernel, *where = placement
    rng = np.random.default_rng(seed)
    x = whole_numbers(rng, (N, H, W_, C * groups))
    W = whole_numbers(rng, (*kernel, C, F_in_group * groups))
    b = whole_numbers(rng, W.shape[3:])
    y = conv2d(x, W, None, *where, groups)
    dy = whole_numbers(rng, y.shape)
    dx, dW, db = conv2d_backward(x, W, dy, *where, groups)
    assert inner(y, dy) == inner(x, dx) == inner(W, dW)
    assert inner(conv2d(0 * x, W, b, *where, groups), dy) == inner(b, db)


@quick
@given(placements(pooling=True), seeds)
def test_max_pooling_hands_back_what_it_took(placement, seed):
    """With the winners fixed, max pooling only picks cells: a linear map."""
    x_shape, kernel, strides, pads, _ = placement
    rng = np.random.default_rng(seed)
    x = whole_numbers(rng, x_shape)
    y, code = maxpool(x, kernel, strides, pads)
    dy = whole_numbers(rng, y.shape)
    assert inner(y, dy) == inner(x, maxpool_backward(dy, code, x_shape, kernel, strides, pads))


@quick
@given(placements(pooling=True), seeds)
def test_max_pooling_takes_the_first_largest(placement, seed):
    """Said again by way of columns: padded cells, marked by a column of ones, made -inf."""
    x_shape, kernel, strides, pads, dilation = placement
    N, C = x_shape[0], x_shape[3]
    x = whole_numbers(np.random.default_rng(seed), x_shape)
    y, code = maxpool(x, kernel, strides, pads)
    windows = (N, *y.shape[1:3], kernel[0] * kernel[1], C)
    cols = im2col(x, kernel, strides, pads, dilation).reshape(windows)
    real = im2col(np.ones_like(x), kernel, strides, pads, dilation).reshape(windows)
    cols = np.where(real == 1, cols, -np.inf)
    np.testing.assert_array_equal(y, cols.max(axis=3))
    np.testing.assert_array_equal(code, cols.argmax(axis=3))


@quick
@given(placements(pooling=True), seeds)
def test_the_gradient_of_average_pooling_is_its_adjoint(placement, seed):
    x_shape, kernel, strides, pads, _ = placement
    rng = np.random.default_rng(seed)
    x = whole_numbers(rng, x_shape)
    y = avgpool(x, kernel, strides, pads)
    dy = whole_numbers(rng, y.shape)
    dx = avgpool_backward(dy, x_shape, kernel, strides, pads)
    # thirds are not exact in binary, so this one is equal to rounding only
    assert inner(y, dy) == pytest.approx(inner(x, dx), rel=1e-12, abs=1e-9)


@quick
@given(st.tuples(small, small, small, small), pairs, seeds)
def test_the_gradient_of_upsampling_is_its_adjoint(x_shape, factors, seed):
    rng = np.random.default_rng(seed)
    x = whole_numbers(rng, x_shape)
    y = upsample(x, factors)
    dy = whole_numbers(rng, y.shape)
    assert inner(y, dy) == inner(x, upsample_backward(dy, factors))


@quick
@given(placements(), seeds)
def test_the_layout_of_the_input_does_not_matter(placement, seed):
    """A picture seen backwards in memory, every second cell of a larger one: same answer."""
    (N, H, W_, C), kernel, *where = placement
    rng = np.random.default_rng(seed)
    strided = whole_numbers(rng, (N, 2 * H, W_, 2 * C))[:, ::-2, :, ::2]
    W = whole_numbers(rng, (*kernel, C, 2))
    np.testing.assert_array_equal(
        conv2d(strided, W, None, *where, 1), conv2d(strided.copy(), W, None, *where, 1)
    )
