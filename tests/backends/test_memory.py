"""A full memory is one clear error, which loses nothing of what was told about it."""

import pytest

import minicnn as mc
from minicnn.backends import room_for_a_batch


def test_what_was_noted_on_the_way_is_told():
    error = MemoryError("no room")
    error.add_note("W may have moved")
    with (
        pytest.raises(mc.BackendError, match=r"full memory \(no room\)") as full,
        room_for_a_batch(),
    ):
        raise error
    assert full.value.__notes__ == ["W may have moved"]
    assert full.value.__cause__ is error
