import pytest

from minicnn.backends.reference import out_size, same_pads, windows
from minicnn.errors import ConfigError

# What Keras's padding="same" does: (size, kernel, stride) -> (before, after, outputs).
KERAS_SAME = {
    (5, 2, 1): (0, 1, 5),
    (5, 2, 2): (0, 1, 3),
    (5, 2, 3): (0, 0, 2),
    (5, 3, 1): (1, 1, 5),
    (5, 3, 2): (1, 1, 3),
    (5, 3, 3): (0, 1, 2),
    (6, 2, 1): (0, 1, 6),
    (6, 2, 2): (0, 0, 3),
    (6, 2, 3): (0, 0, 2),
    (6, 3, 1): (1, 1, 6),
    (6, 3, 2): (0, 1, 3),
    (6, 3, 3): (0, 0, 2),
    (7, 2, 1): (0, 1, 7),
    (7, 2, 2): (0, 1, 4),
    (7, 2, 3): (0, 1, 3),
    (7, 3, 1): (1, 1, 7),
    (7, 3, 2): (1, 1, 4),
    (7, 3, 3): (1, 1, 3),
}


@pytest.mark.parametrize(("size", "kernel", "stride"), KERAS_SAME)
def test_same_padding_is_that_of_keras(size, kernel, stride):
    before, after, outputs = KERAS_SAME[size, kernel, stride]
    assert same_pads(size, kernel, stride, 1) == (before, after)
    assert out_size(size, kernel, stride, 1, before, after) == outputs


@pytest.mark.parametrize("size", range(1, 9))
@pytest.mark.parametrize("kernel", range(1, 5))
@pytest.mark.parametrize("stride", range(1, 5))
@pytest.mark.parametrize("dilation", range(1, 4))
def test_same_padding_gives_one_output_for_every_stride(size, kernel, stride, dilation):
    before, after = same_pads(size, kernel, stride, dilation)
    assert after - before in (0, 1)  # the odd cell at the end
    assert out_size(size, kernel, stride, dilation, before, after) == len(range(0, size, stride))


def test_a_dilated_kernel_of_3_covers_5_cells():
    #  # . # . #      a picture of 5 cells has room for it once
    assert out_size(5, 3, 1, 2, 0, 0) == 1
    assert same_pads(5, 3, 1, 2) == (2, 2)


def test_a_window_larger_than_the_picture_is_refused():
    with pytest.raises(ConfigError, match=r"at least 3 cells .* got a padded picture of 2"):
        out_size(2, 3, 1, 1, 0, 0)


def test_windows_leave_out_the_padding():
    #  . a b      windows of one row of two, moved by two: [. a], and no room for another
    assert list(windows((1, 2), (1, 2), (1, 2), ((0, 0), (1, 0)), (1, 1))) == [
        ((0, 0), [((0, 1), (0, 0))])
    ]


def test_a_dilated_window_skips_cells():
    (_, window), *others = windows((1, 5), (1, 3), (1, 1), ((0, 0), (0, 0)), (1, 2))
    assert [cell for _, cell in window] == [(0, 0), (0, 2), (0, 4)]
    assert others == []
