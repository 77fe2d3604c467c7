"""Maps as they lie in memory."""

import numpy as np
import pytest

from minicnn.engine.memory.recording import Workspace
from minicnn.engine.products.slide import Slide, in_memory, in_runs, stretch

MAPS = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)


def test_turned_twice_is_as_before():
    slide = Slide((5, 6), (3, 2), (1, 2), (1, 1), (2, 1), (1, 3))
    assert slide.turned().kernel == (2, 3)
    assert slide.turned().turned() == slide


def test_maps_in_order_and_exchanged_ones_are_taken_as_they_are():
    maps, lies = in_memory(MAPS, Workspace())
    assert maps is MAPS
    assert lies == "W"
    exchanged = MAPS.transpose(0, 2, 1, 3)
    maps, lies = in_memory(exchanged, Workspace())
    assert np.shares_memory(maps, MAPS)
    assert maps.flags.c_contiguous
    assert lies == "H"


@pytest.mark.parametrize("axis", [0, 1, 2, 3])
def test_any_other_view_is_copied(axis):
    view = np.flip(MAPS, axis)
    maps, lies = in_memory(view, Workspace())
    assert not np.shares_memory(maps, MAPS)
    assert lies == "W"
    np.testing.assert_array_equal(maps, view)


def test_rows_may_be_apart_if_that_is_allowed():
    inside = MAPS[:, 1:, :, :][:, :, 1:3]
    maps, _ = in_memory(inside, Workspace(), apart=True)
    assert maps is inside
    maps, _ = in_memory(inside, Workspace())
    assert not np.shares_memory(maps, MAPS)


def test_a_stretch_reaches_from_the_first_number_to_the_last():
    inside = MAPS[:, 1:, 1:3]
    row = stretch(inside)
    assert row[0] == inside[0, 0, 0, 0]
    assert row[-1] == inside[-1, -1, -1, -1]
    assert len(row) == inside[-1, -1, -1, -1] - inside[0, 0, 0, 0] + 1


def test_runs_are_copied_as_one_thing():
    other = np.empty_like(MAPS)
    np.copyto(in_runs(other), in_runs(MAPS))
    np.testing.assert_array_equal(other, MAPS)
