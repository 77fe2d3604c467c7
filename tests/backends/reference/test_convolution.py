import numpy as np
import pytest

from minicnn.backends.reference import conv2d, conv2d_backward
from minicnn.errors import ShapeError

NO_PADS = ((0, 0), (0, 0))
ONCE = (1, 1)


def picture(rows):
    """A single picture with a single channel."""
    return np.array(rows, dtype=np.float64)[None, :, :, None]


def kernel(rows):
    """A single filter over a single channel."""
    return np.array(rows, dtype=np.float64)[:, :, None, None]


HALF_BRIGHT = [
    [10, 10, 10, 0, 0, 0],
    [10, 10, 10, 0, 0, 0],
    [10, 10, 10, 0, 0, 0],
    [10, 10, 10, 0, 0, 0],
    [10, 10, 10, 0, 0, 0],
    [10, 10, 10, 0, 0, 0],
]
VERTICAL_EDGE = [
    [1, 0, -1],
    [1, 0, -1],
    [1, 0, -1],
]


def test_a_vertical_edge_lights_up_as_a_stripe():
    y = conv2d(picture(HALF_BRIGHT), kernel(VERTICAL_EDGE), None, ONCE, NO_PADS, ONCE, 1)
    np.testing.assert_array_equal(
        y,
        picture(
            [
                [0, 30, 30, 0],
                [0, 30, 30, 0],
                [0, 30, 30, 0],
                [0, 30, 30, 0],
            ]
        ),
    )


def test_the_bias_is_added_to_every_cell():
    x, W = picture(HALF_BRIGHT), kernel(VERTICAL_EDGE)
    plain = conv2d(x, W, None, ONCE, NO_PADS, ONCE, 1)
    np.testing.assert_array_equal(conv2d(x, W, np.array([7.0]), ONCE, NO_PADS, ONCE, 1), plain + 7)


def test_the_kernel_is_not_flipped():
    #  1 2 3  with the kernel  [1 10 100]  is  1 + 20 + 300
    y = conv2d(picture([[1, 2, 3]]), kernel([[1, 10, 100]]), None, ONCE, NO_PADS, ONCE, 1)
    assert y.item() == 321


def test_a_4x4_filter_moved_by_2():
    x = picture(
        [
            [0, 1, 2, 3, 4, 5],
            [10, 11, 12, 13, 14, 15],
            [20, 21, 22, 23, 24, 25],
            [30, 31, 32, 33, 34, 35],
            [40, 41, 42, 43, 44, 45],
            [50, 51, 52, 53, 54, 55],
        ]
    )
    diagonal = kernel(
        [
            [1, 0, 0, 0],
            [0, 1, 0, 0],
            [0, 0, 1, 0],
            [0, 0, 0, 1],
        ]
    )
    y = conv2d(x, diagonal, None, (2, 2), NO_PADS, ONCE, 1)
    np.testing.assert_array_equal(
        y,
        picture(
            [
                [0 + 11 + 22 + 33, 2 + 13 + 24 + 35],
                [20 + 31 + 42 + 53, 22 + 33 + 44 + 55],
            ]
        ),
    )


def test_padding_is_zero_on_the_side_it_was_asked_for():
    #  . . .
    #  . 1 2      one row above and one column to the left, kernel of ones 2x2
    #  . 3 4
    y = conv2d(picture([[1, 2], [3, 4]]), kernel([[1, 1], [1, 1]]), None, ONCE,
               ((1, 0), (1, 0)), ONCE, 1)  # fmt: skip
    np.testing.assert_array_equal(y, picture([[1, 3], [4, 10]]))


def test_strides_and_dilation_are_down_then_across():
    x = picture(
        [
            [1, 2, 3],
            [4, 5, 6],
            [7, 8, 9],
        ]
    )
    pair = kernel([[1, 1]])
    down_2 = conv2d(x, pair, None, (2, 1), NO_PADS, ONCE, 1)
    np.testing.assert_array_equal(down_2, picture([[1 + 2, 2 + 3], [7 + 8, 8 + 9]]))
    wide = conv2d(x, pair, None, ONCE, NO_PADS, (1, 2), 1)
    np.testing.assert_array_equal(wide, picture([[1 + 3], [4 + 6], [7 + 9]]))
    tall = conv2d(x, kernel([[1], [1]]), None, ONCE, NO_PADS, (2, 1), 1)
    np.testing.assert_array_equal(tall, picture([[1 + 7, 2 + 8, 3 + 9]]))


def test_channels_are_summed_and_filters_stay_apart():
    x = np.array([2.0, 3.0]).reshape(1, 1, 1, 2)
    W = np.array([[1.0, 10.0, 100.0], [5.0, 50.0, 500.0]]).reshape(1, 1, 2, 3)
    y = conv2d(x, W, None, ONCE, NO_PADS, ONCE, 1)
    np.testing.assert_array_equal(y.ravel(), [2 + 15, 20 + 150, 200 + 1500])


def test_groups_see_only_their_own_channels():
    #  channels  2 3 | 5 7      filters  f0 f1 | f2 f3
    x = np.array([2.0, 3.0, 5.0, 7.0]).reshape(1, 1, 1, 4)
    W = np.array([[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 1.0, 10.0]]).reshape(1, 1, 2, 4)
    y = conv2d(x, W, None, ONCE, NO_PADS, ONCE, 2)
    np.testing.assert_array_equal(y.ravel(), [2, 3, 5 + 7, 70])


def test_groups_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="multiple of 2 filters, got 3 channels"):
        conv2d(np.ones((1, 1, 1, 3)), np.ones((1, 1, 2, 2)), None, ONCE, NO_PADS, ONCE, 2)
    with pytest.raises(ShapeError, match="multiple of 2"):
        conv2d(np.ones((1, 1, 1, 4)), np.ones((1, 1, 2, 3)), None, ONCE, NO_PADS, ONCE, 2)


CASES = {
    "plain": ((1, 1), NO_PADS, (1, 1), 1),
    "strided": ((2, 1), ((0, 1), (1, 0)), (1, 1), 1),
    "dilated": ((1, 2), ((1, 1), (0, 0)), (2, 1), 1),
    "grouped": ((2, 2), ((1, 0), (0, 1)), (1, 2), 2),
}


@pytest.mark.parametrize("case", CASES)
def test_the_gradients_are_the_slopes(case):
    """Nudge one number at a time, both ways, and watch the loss ``Σ dy · y``."""
    strides, pads, dilation, groups = CASES[case]
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 4, 3, 2))
    W = rng.normal(size=(2, 2, 2 // groups, 2))
    b = rng.normal(size=2)
    dy = rng.normal(size=conv2d(x, W, b, strides, pads, dilation, groups).shape)

    def loss():
        return float((conv2d(x, W, b, strides, pads, dilation, groups) * dy).sum())

    gradients = conv2d_backward(x, W, dy, strides, pads, dilation, groups)
    for array, gradient in zip((x, W, b), gradients, strict=True):
        assert gradient.shape == array.shape
        for i in np.ndindex(*array.shape):
            before = array[i]
            array[i] = before + 1e-3
            up = loss()
            array[i] = before - 1e-3
            down = loss()
            array[i] = before
            assert gradient[i] == pytest.approx((up - down) / 2e-3, rel=1e-8, abs=1e-8)


def test_float32_goes_in_and_comes_out_and_inputs_stay():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(1, 4, 4, 2)).astype(np.float32)
    W = rng.normal(size=(3, 3, 2, 2)).astype(np.float32)
    x_before, W_before = x.copy(), W.copy()
    y = conv2d(x, W, None, ONCE, NO_PADS, ONCE, 1)
    gradients = conv2d_backward(x, W, y, ONCE, NO_PADS, ONCE, 1)
    assert [array.dtype for array in (y, *gradients)] == [np.float32] * 4
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(W, W_before)


def test_the_sum_is_rounded_once():
    # In float32 1e8 + 1 is 1e8, so a running float32 sum of these would lose the 1.
    x = picture([[1e8, 1, -1e8]]).astype(np.float32)
    W = kernel([[1, 1, 1]]).astype(np.float32)
    assert conv2d(x, W, None, ONCE, NO_PADS, ONCE, 1).item() == 1
