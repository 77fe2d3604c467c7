import numpy as np

from minicnn.backends.reference import col2im, im2col

NO_PADS = ((0, 0), (0, 0))
ONCE = (1, 1)


def test_each_row_is_a_window_in_reading_order():
    #  1 2 3
    #  4 5 6     windows of 2x2
    #  7 8 9
    x = np.arange(1.0, 10.0).reshape(1, 3, 3, 1)
    cols = im2col(x, (2, 2), ONCE, NO_PADS, ONCE)
    assert cols.shape == (1, 2, 2, 4)
    np.testing.assert_array_equal(cols[0, 0], [[1, 2, 4, 5], [2, 3, 5, 6]])
    np.testing.assert_array_equal(cols[0, 1], [[4, 5, 7, 8], [5, 6, 8, 9]])


def test_the_channels_of_a_cell_stay_side_by_side():
    x = np.array([[[[1.0, 10.0], [2.0, 20.0]], [[3.0, 30.0], [4.0, 40.0]]]])  # (1, 2, 2, 2)
    cols = im2col(x, (2, 2), ONCE, NO_PADS, ONCE)
    np.testing.assert_array_equal(cols.ravel(), [1, 10, 2, 20, 3, 30, 4, 40])


def test_padding_is_zero():
    #  . . .
    #  . 5 .      one cell, padded all round: each window of 2x2 sees it in another corner
    #  . . .
    x = np.full((1, 1, 1, 1), 5.0)
    cols = im2col(x, (2, 2), ONCE, ((1, 1), (1, 1)), ONCE)
    np.testing.assert_array_equal(
        cols.reshape(4, 4), [[0, 0, 0, 5], [0, 0, 5, 0], [0, 5, 0, 0], [5, 0, 0, 0]]
    )


def test_col2im_adds_where_windows_overlap():
    #  Four windows of 2x2 ones on a 3x3 picture: the middle lies under all of them.
    x = col2im(np.ones((1, 2, 2, 4)), (1, 3, 3, 1), (2, 2), ONCE, NO_PADS, ONCE)
    np.testing.assert_array_equal(x[0, :, :, 0], [[1, 2, 1], [2, 4, 2], [1, 2, 1]])


def test_col2im_drops_what_lies_on_padding_and_leaves_unseen_cells_zero():
    #  . a b c d      windows of one row of two, moved by three: [. a] and [c d]
    cols = np.array([[[[7.0, 8.0], [9.0, 10.0]]]])
    x = col2im(cols, (1, 1, 4, 1), (1, 2), (1, 3), ((0, 0), (1, 0)), ONCE)
    np.testing.assert_array_equal(x.ravel(), [8, 0, 9, 10])


def test_dtypes_are_kept():
    x = np.ones((1, 3, 3, 1), np.float32)
    cols = im2col(x, (2, 2), ONCE, NO_PADS, ONCE)
    assert cols.dtype == np.float32
    assert col2im(cols, x.shape, (2, 2), ONCE, NO_PADS, ONCE).dtype == np.float32
