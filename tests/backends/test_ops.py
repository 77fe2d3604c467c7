"""Every operation of every backend against the loops of ``reference``."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicnn.backends import Ops, Window, reference
from minicnn.backends.numpy_ops import NumpyOps
from minicnn.backends.reference import losses as reference_losses
from tests.devices import GPU, STAND_IN, FromNumpy, cupy_called
from tests.strategies import (
    arrays,
    assert_agrees,
    dtypes,
    many,
    maps,
    pairs,
    seeds,
    untouched,
    windows,
)


class PlainOps(Ops):
    """The array-module-neutral operations as they stand, with nothing made faster."""

    name = "plain"
    xp = np


@pytest.fixture(scope="module", params=["numpy", "plain", STAND_IN, GPU])
def ops(request):
    if request.param in ("numpy", "plain"):
        yield NumpyOps() if request.param == "numpy" else PlainOps()
    else:
        with cupy_called(request.param) as cupy_ops:
            yield FromNumpy(cupy_ops)


def geometry(window):
    """A window as the reference's convolutions want it; its pools have no dilation."""
    return window.kernel, window.strides, window.pads, window.dilation


# ---- products ------------------------------------------------------------------------------


@given(data=st.data(), sizes=st.tuples(*[st.integers(1, 4)] * 3), dtype=dtypes)
def test_matmul(ops, data, sizes, dtype):
    (M, K, F), G = sizes, data.draw(st.sampled_from([1, 2, 17]))
    a, b = data.draw(arrays((G, M, K), dtype)), data.draw(arrays((G, K, F), dtype))
    with untouched(a, b):
        y = ops.matmul(a, b)
    assert_agrees(y, np.stack([a[g] @ b[g] for g in range(G)]))


@given(data=st.data(), groups=st.integers(1, 3), dtype=dtypes)
def test_products_with_a_kernel_see_their_own_group_alone(ops, data, groups, dtype):
    """And their gradients are the adjoints: ⟨columns·W, dy⟩ is linear in both."""

    def draw(*shape):
        return data.draw(arrays(shape, dtype))

    n, kh, kw, c, f = data.draw(st.tuples(*[st.integers(1, 3)] * 5))
    C, F = c * groups, f * groups
    columns, W, dy = draw(2, n, kh * kw * C), draw(kh, kw, c, F), draw(2, n, F)
    with untouched(columns, W, dy):
        y = ops.kernel_product(columns, W, groups)
        dcolumns = ops.columns_gradient(dy, W, groups)
        dW = ops.kernel_gradient(columns, dy, W.shape, groups)
    cells = columns.reshape(2, n, kh, kw, C)
    expected = np.zeros_like(dy)
    for g in range(groups):
        its = slice(g * f, (g + 1) * f)
        own = cells[..., g * c : (g + 1) * c]
        expected[..., its] = np.einsum("bnhwc,hwcf->bnf", own, W[..., its])
    assert_agrees(y, expected)
    assert dcolumns.shape == columns.shape
    assert dW.shape == W.shape
    wide = [np.asarray(a, np.float64) for a in (y, dy, dcolumns, columns, dW, W)]
    at_least = 1e-3 + sum(float(np.abs(a).max()) for a in wide) ** 2
    inner = (wide[0] * wide[1]).sum()
    np.testing.assert_allclose((wide[2] * wide[3]).sum(), inner, rtol=0, atol=1e-5 * at_least)
    np.testing.assert_allclose((wide[4] * wide[5]).sum(), inner, rtol=0, atol=1e-5 * at_least)


# ---- sliding windows -----------------------------------------------------------------------


@many
@given(data=st.data(), window=windows())
def test_pad_puts_a_border_around_every_map(ops, data, window):
    x = data.draw(maps(window))
    with untouched(x):
        padded = ops.pad(x, window, value=7.0)
    expected = np.pad(x, ((0, 0), *window.pads, (0, 0)), constant_values=7.0)
    assert_agrees(padded, expected, exact=True)
    assert_agrees(ops.unpad(padded, window), x, exact=True)


@many
@given(data=st.data(), window=windows())
def test_im2col(ops, data, window):
    x = data.draw(maps(window))
    with untouched(x):
        cols = ops.im2col(x, window)
    assert_agrees(cols, reference.im2col(x, *geometry(window)), exact=True)


@many
@given(data=st.data(), window=windows())
def test_col2im(ops, data, window):
    (N, C), dtype = data.draw(pairs(1, 2)), data.draw(dtypes)
    cols = data.draw(arrays((N, *window.out, window.cells * C), dtype))
    with untouched(cols):
        dx = ops.col2im(cols, window)
    expected = reference.col2im(cols, (N, *window.size, C), *geometry(window))
    assert_agrees(dx, expected)


@many
@given(data=st.data(), window=windows(pooling=True), whole=st.booleans())
def test_maxpool(ops, data, window, whole):
    x = data.draw(maps(window, whole=whole))  # whole numbers tie: the first in order must win
    with untouched(x):
        y, code = ops.maxpool(x, window)
    expected, expected_code = reference.maxpool(x, *geometry(window)[:3])
    assert_agrees(y, expected, exact=True)
    np.testing.assert_array_equal(code, expected_code)
    assert code.dtype.kind in "iu"


@many
@given(data=st.data(), window=windows(pooling=True))
def test_maxpool_loses_no_nan_and_no_infinity(ops, data, window):
    # What a NaN's gradient does is nobody's concern, because training stops at the NaN.
    x = data.draw(maps(window, whole=True))
    x[x == 3] = np.nan
    x[x == 2] = np.inf
    x[x == -3] = -np.inf
    assert_agrees(ops.maxpool(x, window)[0], reference.maxpool(x, *geometry(window)[:3])[0])


@many
@given(data=st.data(), window=windows(pooling=True))
def test_maxpool_backward(ops, data, window):
    x = data.draw(maps(window, whole=True))
    _, code = ops.maxpool(x, window)
    dy = data.draw(arrays(code.shape, x.dtype))
    with untouched(dy, code):
        dx = ops.maxpool_backward(dy, code, window)
    assert_agrees(dx, reference.maxpool_backward(dy, code, x.shape, *geometry(window)[:3]))


def test_a_pool_of_more_cells_than_a_byte_can_number(ops):
    window = Window.fit((20, 18), kernel=(17, 17), strides=(2, 1))
    x = np.random.default_rng(0).standard_normal((1, 20, 18, 1))
    x[0, 17, 16, 0] = 9.0  # wins every window that holds it, as cell 288 and as cell 254
    y, code = ops.maxpool(x, window)
    expected, expected_code = reference.maxpool(x, *geometry(window)[:3])
    assert_agrees(y, expected, exact=True)
    np.testing.assert_array_equal(code, expected_code)
    assert code.max() > 255


@many
@given(data=st.data(), window=windows(pooling=True))
def test_avgpool(ops, data, window):
    x = data.draw(maps(window))
    with untouched(x):
        y = ops.avgpool(x, window)
    assert_agrees(y, reference.avgpool(x, *geometry(window)[:3]))


@many
@given(data=st.data(), window=windows(pooling=True))
def test_avgpool_backward(ops, data, window):
    (N, C), dtype = data.draw(pairs(1, 2)), data.draw(dtypes)
    dy = data.draw(arrays((N, *window.out, C), dtype))
    with untouched(dy):
        dx = ops.avgpool_backward(dy, window)
    expected = reference.avgpool_backward(dy, (N, *window.size, C), *geometry(window)[:3])
    assert_agrees(dx, expected)


@many
@given(data=st.data(), size=pairs(1, 3), dtype=dtypes)
def test_upsample_and_back(ops, data, size, dtype):
    N, H, W, C = (data.draw(st.integers(1, 3)) for _ in range(4))
    x = data.draw(arrays((N, H, W, C), dtype))
    dy = data.draw(arrays((N, H * size[0], W * size[1], C), dtype))
    with untouched(x, dy):
        y, dx = ops.upsample(x, size), ops.upsample_backward(dy, size)
    assert_agrees(y, reference.upsample(x, size), exact=True)
    assert_agrees(dx, reference.upsample_backward(dy, size))


# ---- numbers that need care ------------------------------------------------------------------

SHAPES = st.lists(st.integers(1, 4), min_size=2, max_size=4).map(tuple)


@st.composite
def logits(draw):
    """Scores of every size: about 1, and up to ±10,000."""
    x = draw(arrays(draw(SHAPES), draw(dtypes)))
    return x * x.dtype.type(draw(st.sampled_from([0, 1, 30, 700, 1e4])))


@given(x=logits())
def test_sigmoid_and_softmax(ops, x):
    with untouched(x):
        sigmoid, softmax = ops.sigmoid(x), ops.softmax(x)
    assert_agrees(sigmoid, reference.sigmoid(x))
    assert_agrees(softmax, reference.softmax(x))


@given(x=logits())
def test_softplus_and_log_softmax(ops, x):
    with untouched(x):
        softplus, log_softmax = ops.softplus(x), ops.log_softmax(x)
    # log(1 + e^x) = -log(1 - p) for p = sigmoid(x)
    each = [-reference_losses.log_sigmoid(-float(z)) for z in x.ravel()]
    assert_agrees(softplus, np.array(each).reshape(x.shape).astype(x.dtype))
    rows = [reference_losses.log_softmax(row.tolist()) for row in x.reshape(-1, x.shape[-1])]
    assert_agrees(log_softmax, np.array(rows).reshape(x.shape).astype(x.dtype))


def test_tiny_probabilities_keep_their_digits(ops):
    x = np.array([-80.0, -700.0])
    np.testing.assert_allclose(ops.sigmoid(x), [math.exp(-80), math.exp(-700)], rtol=1e-15)
    np.testing.assert_allclose(ops.softplus(x), [math.exp(-80), math.exp(-700)], rtol=1e-15)


# ---- channel by channel ----------------------------------------------------------------------


@given(data=st.data(), shape=SHAPES, dtype=dtypes)
def test_a_batch_normalisation_in_pieces(ops, data, shape, dtype):
    x, dy = data.draw(arrays(shape, dtype)), data.draw(arrays(shape, dtype))
    gamma, beta = data.draw(arrays((2, shape[-1]), dtype)).copy()
    with untouched(x, dy, gamma, beta):
        mean, var = ops.moments(x)
        inv_std = 1 / np.sqrt(var + dtype(1e-3))
        x_hat, y = ops.normalize(x, mean, inv_std, gamma, beta)
        sums = ops.channel_dots(dy, x_hat), ops.channel_sums(dy)
        M = dtype(x.size // shape[-1])
        dx = ops.normalize_backward(dy, x_hat, gamma * inv_std, sums[1] / M, sums[0] / M)
    expected, *_ = reference.batchnorm_training(x, gamma, beta, 1e-3)
    loose = 1e-4 if dtype == np.float32 else 1e-11
    np.testing.assert_allclose(y, expected, rtol=loose, atol=loose)
    # Written out again in float64, by the formula of docs/derivations/batchnorm.md.
    g, n = dy.astype(np.float64), x_hat.astype(np.float64)
    rows = tuple(range(x.ndim - 1))
    slope = g - g.mean(axis=rows) - n * (g * n).mean(axis=rows)
    np.testing.assert_allclose(dx, gamma * inv_std * slope, rtol=loose, atol=30 * loose)
    assert all(a.dtype == dtype and a.shape == shape for a in (x_hat, y, dx))


# ---- arrays in and out -------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pictures_are_scaled_and_other_numbers_are_not(ops, dtype):
    pictures = np.arange(256, dtype=np.uint8)
    scaled = ops.floats(pictures, dtype)
    assert_agrees(scaled, (pictures / 255).astype(dtype))
    assert (scaled[0], scaled[-1]) == (0, 1)
    for kind in (np.float16, np.float32, np.float64, np.int64):
        assert_agrees(ops.floats(np.array([0, 3, 255], kind), dtype), np.array([0, 3, 255], dtype))


def test_floats_of_the_right_kind_are_not_copied(ops):
    x = np.ones(3, np.float32)
    assert ops.floats(x, np.float32) is x


def test_arrays_in_and_out(ops):
    a = ops.asarray([1, 2], np.float32)
    assert_agrees(ops.to_numpy(a), np.array([1, 2], np.float32), exact=True)


# ---- randomness ---------------------------------------------------------------------------------

KEY = (0x0123456789ABCDEF, 0xFEDCBA9876543210)
keys = st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
rates = st.floats(0, 0.99)


@given(key=keys, rate=rates, sample=st.integers(0, 1000), shape=SHAPES, data=st.data())
def test_a_block_of_a_batch_keeps_what_the_whole_batch_keeps(ops, key, rate, sample, shape, data):
    whole = ops.keep_mask(key, sample, shape, rate)
    assert whole.shape == shape
    assert whole.dtype == np.bool_
    cut = data.draw(st.integers(0, shape[0]))
    first = ops.keep_mask(key, sample, (cut, *shape[1:]), rate)
    rest = ops.keep_mask(key, sample + cut, (shape[0] - cut, *shape[1:]), rate)
    np.testing.assert_array_equal(np.concatenate([first, rest]), whole)


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_a_mask_drops_the_share_it_was_asked_for(ops, rate):
    mask = ops.keep_mask(KEY, 0, (50, 4001), rate)
    deviation = math.sqrt(rate * (1 - rate) / mask.size)
    assert abs((1 - mask.mean()) - rate) <= 5 * deviation
    if rate == 0:
        assert mask.all()


def test_samples_keys_and_neighbours_are_independent(ops):
    mask = ops.keep_mask(KEY, 0, (40, 5000), 0.5).astype(float)
    other = ops.keep_mask((KEY[0] + 1, KEY[1]), 0, (40, 5000), 0.5).astype(float)
    bound = 5 / math.sqrt(mask.size)  # five deviations of a correlation of chance
    for a, b in [
        (mask, other),  # another key
        (mask[1:], mask[:-1]),  # the next sample
        (mask[:, 1:], mask[:, :-1]),  # the next cell: also the other half of the same word
        (mask[:, 2:], mask[:, :-2]),
    ]:
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < bound * 1.05


def test_every_cell_of_a_mask_is_as_likely_as_any_other(ops):
    counts = ops.keep_mask(KEY, 0, (4000, 9), 0.25).sum(axis=0)
    assert np.abs(counts - 3000).max() < 5 * math.sqrt(4000 * 0.25 * 0.75)
    patterns = Counter(map(bytes, ops.keep_mask(KEY, 0, (4000, 3), 0.5)))
    assert len(patterns) == 8
    assert all(abs(n - 500) < 5 * math.sqrt(4000 / 8 * 7 / 8) for n in patterns.values())


@given(key=keys, seed=seeds)
def test_a_higher_rate_only_drops_more(ops, key, seed):
    low, high = sorted(np.random.default_rng(seed).uniform(0, 0.99, 2))
    kept_high, kept_low = (ops.keep_mask(key, 0, (2, 30), rate) for rate in (high, low))
    assert (kept_low | ~kept_high).all()
