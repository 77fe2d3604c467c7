import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicnn.backends import Window, pair, reference
from minicnn.backends.window import check_padding, same_pads
from minicnn.errors import ConfigError
from tests.strategies import pairs, windows

small = st.integers(1, 9)


@given(windows())
def test_a_window_stands_where_the_reference_says(window):
    for axis in range(2):
        expected = reference.out_size(
            window.size[axis],
            window.kernel[axis],
            window.strides[axis],
            window.dilation[axis],
            *window.pads[axis],
        )
        assert window.out[axis] == expected


@given(size=small, kernel=small, stride=small, dilation=small)
def test_same_padding_is_the_reference_s_and_leaves_ceil_of_size_over_stride(
    size, kernel, stride, dilation
):
    pads = same_pads(size, kernel, stride, dilation)
    assert pads == reference.same_pads(size, kernel, stride, dilation)
    assert 0 <= pads[1] - pads[0] <= 1  # the odd cell goes to the end
    window = Window.fit((size, 1), (kernel, 1), (stride, 1), "same", (dilation, 1))
    assert window.out[0] == math.ceil(size / stride)


@given(windows())
def test_each_cell_visits_what_the_reference_s_windows_hold(window):
    numbered = np.arange(1, math.prod(window.size) + 1).reshape(window.size)
    padded = np.pad(numbered, window.pads)  # 0 stands for padding
    seen = {
        (oh, ow): {cell: int(numbered[at]) for cell, at in cells}
        for (oh, ow), cells in reference.windows(
            window.size, window.kernel, window.strides, window.pads, window.dilation
        )
    }
    assert padded.shape == window.padded
    for k in range(window.cells):
        visited = padded[window.cell(k)]
        assert visited.shape == window.out
        for place, cells in seen.items():
            assert visited[place] == cells.get(divmod(k, window.kernel[1]), 0)


@given(size=pairs(3, 9), kernel=pairs(1, 3), n=st.integers(0, 3))
def test_a_number_pads_every_side(size, kernel, n):
    by_number = Window.fit(size, kernel, padding=n)
    assert by_number == Window.fit(size, kernel, padding=((n, n), (n, n)))
    assert by_number.is_padded == (n > 0)


def test_a_pair_of_numbers_pads_rows_and_columns():
    assert check_padding((1, 2), "here") == ((1, 1), (2, 2))
    assert check_padding([[1, 0], [2, 3]], "here") == ((1, 0), (2, 3))


def test_numpy_s_whole_numbers_are_whole_numbers():
    assert pair(np.int64(3), "kernel_size") == (3, 3)
    assert pair(np.array([2, 3]), "kernel_size") == (2, 3)
    assert check_padding(np.int64(2), "here") == 2
    assert all(type(v) is int for v in pair(np.int32(3), "kernel_size"))


@pytest.mark.parametrize(
    "value", [0, -1, 2.0, 2.5, True, "3", None, (1, 2, 3), (1,), (3, 0), (1, 2.5), [], {}]
)
def test_what_is_no_pair_of_sizes(value):
    with pytest.raises(ConfigError, match="strides: expected a positive whole number or a pair"):
        pair(value, "strides")


@pytest.mark.parametrize(
    "padding",
    ["full", -1, 1.5, True, None, (1, -1), (1, 2, 3), ((1, 2), (3,)), ((1, 2.5), (0, 0)), {}],
)
def test_what_is_no_padding(padding):
    with pytest.raises(ConfigError, match='conv: expected padding "valid", "same"'):
        check_padding(padding, "conv")


@pytest.mark.parametrize(
    ("size", "kernel", "dilation", "axis"),
    [((2, 9), (3, 3), (1, 1), "height"), ((9, 4), (3, 3), (1, 2), "width")],
)
def test_a_kernel_that_does_not_fit_says_on_which_side(size, kernel, dilation, axis):
    with pytest.raises(ConfigError, match=f"conv: expected a kernel that fits.*{axis}"):
        Window.fit(size, kernel, dilation=dilation, where="conv")
