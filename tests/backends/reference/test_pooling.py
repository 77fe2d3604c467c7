import numpy as np
import pytest

from minicnn.backends.reference import (
    avgpool,
    avgpool_backward,
    global_avgpool,
    global_avgpool_backward,
    maxpool,
    maxpool_backward,
)
from minicnn.errors import ConfigError

NO_PADS = ((0, 0), (0, 0))
TWO = (2, 2)


def picture(rows):
    """A single picture with a single channel."""
    return np.array(rows, dtype=np.float64)[None, :, :, None]


MAP = picture(
    [
        [1, 3, 2, 1],
        [2, 9, 1, 1],
        [1, 3, 2, 3],
        [5, 6, 1, 2],
    ]
)


def test_a_4x4_map_pooled_to_2x2():
    y, code = maxpool(MAP, TWO, TWO, NO_PADS)
    np.testing.assert_array_equal(y, picture([[9, 2], [6, 3]]))
    # the cells of a window are numbered  0 1
    #                                     2 3
    np.testing.assert_array_equal(code, picture([[3, 0], [3, 1]]))


def test_the_gradient_goes_to_the_winners():
    _, code = maxpool(MAP, TWO, TWO, NO_PADS)
    dx = maxpool_backward(picture([[10, 20], [30, 40]]), code, MAP.shape, TWO, TWO, NO_PADS)
    np.testing.assert_array_equal(
        dx,
        picture(
            [
                [0, 0, 20, 0],
                [0, 10, 0, 0],
                [0, 0, 0, 40],
                [0, 30, 0, 0],
            ]
        ),
    )


def test_a_winner_of_several_windows_gets_the_sum():
    #  1 9 1   windows of one row of two, moved by one: 9 wins both
    x = picture([[1, 9, 1]])
    y, code = maxpool(x, (1, 2), (1, 1), NO_PADS)
    dx = maxpool_backward(np.ones_like(y), code, x.shape, (1, 2), (1, 1), NO_PADS)
    np.testing.assert_array_equal(dx, picture([[0, 2, 0]]))


def test_the_first_of_equals_wins():
    _, code = maxpool(picture([[4, 7], [7, 7]]), TWO, TWO, NO_PADS)
    assert code.item() == 1


def test_32x32x12_pooled_to_16x16x12():
    x = np.random.default_rng(0).normal(size=(1, 32, 32, 12))
    y, code = maxpool(x, TWO, TWO, NO_PADS)
    assert y.shape == code.shape == (1, 16, 16, 12)
    blocks = x.reshape(16, 2, 16, 2, 12)  # every 2x2 block on axes of its own
    np.testing.assert_array_equal(y[0], blocks.max(axis=(1, 3)))
    np.testing.assert_allclose(
        avgpool(x, TWO, TWO, NO_PADS)[0], blocks.mean(axis=(1, 3)), rtol=1e-12, atol=1e-15
    )


@pytest.mark.parametrize("value", [-1.0, -1e30, -np.inf])
def test_padding_never_wins(value):
    x = np.full((1, 1, 1, 1), value)
    y, code = maxpool(x, TWO, (1, 1), ((1, 1), (1, 1)))
    np.testing.assert_array_equal(y.ravel(), [value] * 4)
    np.testing.assert_array_equal(code.ravel(), [3, 2, 1, 0])  # the one real cell of each window


def test_nan_is_not_lost():
    y, code = maxpool(picture([[1, np.nan], [np.nan, 9]]), TWO, TWO, NO_PADS)
    assert np.isnan(y).all()
    assert code.item() == 1


def test_the_code_has_room_for_every_cell():
    x = np.arange(17.0 * 17).reshape(1, 17, 17, 1)  # the largest is the last, cell 288
    _, code = maxpool(x, (17, 17), (1, 1), NO_PADS)
    assert code.item() == 288
    _, code = maxpool(x, (16, 16), (16, 16), NO_PADS)
    assert code.item() == 255
    assert code.dtype == np.uint8


def test_the_average_counts_real_cells_only():
    #  .  .  .
    #  .  2  4      windows of 2x2, moved by one
    #  .  6  8
    y = avgpool(picture([[2, 4], [6, 8]]), TWO, (1, 1), ((1, 0), (1, 0)))
    np.testing.assert_array_equal(y, picture([[2, 3], [4, 5]]))


def test_the_average_shares_its_gradient_among_real_cells():
    #  windows  [. a]  [a b]
    dy = picture([[12, 10]])
    dx = avgpool_backward(dy, (1, 1, 2, 1), (1, 2), (1, 1), ((0, 0), (1, 0)))
    np.testing.assert_array_equal(dx, picture([[12 + 5, 5]]))


def test_global_average_and_its_gradient():
    x = np.array([[[[1.0, 10.0], [2.0, 20.0]], [[3.0, 30.0], [6.0, 60.0]]]])  # (1, 2, 2, 2)
    np.testing.assert_array_equal(global_avgpool(x), [[3, 30]])
    dx = global_avgpool_backward(np.array([[4.0, 8.0]]), x.shape)
    np.testing.assert_array_equal(dx, np.broadcast_to([1.0, 2.0], x.shape))


def test_a_window_on_padding_alone_is_refused():
    x, pads = np.ones((1, 2, 2, 1)), ((2, 0), (0, 0))
    for pool in (maxpool, avgpool):
        with pytest.raises(ConfigError, match="at least one cell of the picture"):
            pool(x, TWO, TWO, pads)


def test_dtypes_are_kept():
    x = MAP.astype(np.float32)
    y, code = maxpool(x, TWO, TWO, NO_PADS)
    results = [
        y,
        maxpool_backward(y, code, x.shape, TWO, TWO, NO_PADS),
        avgpool(x, TWO, TWO, NO_PADS),
        avgpool_backward(y, x.shape, TWO, TWO, NO_PADS),
        global_avgpool(x),
        global_avgpool_backward(global_avgpool(x), x.shape),
    ]
    assert {result.dtype for result in results} == {np.dtype(np.float32)}
