"""Buffers: the same name, the same place, until it has to grow."""

import threading

import numpy as np
import pytest

from minicnn.engine import engine_options
from minicnn.engine.memory import buffers as buffers_module
from minicnn.engine.memory.buffers import MOST_ARRAYS, Buffers, borrowed_buffers
from tests.narrow import needs_threads


def test_an_array_taken_again_is_where_it_was():
    buffers = Buffers()
    first = buffers.take("a", (3, 4), np.float32)
    assert buffers.take("a", (3, 4), np.float32) is first
    assert first.ctypes.data % 64 == 0
    assert buffers.moves.count == 0


def test_smaller_shapes_share_a_names_memory_and_larger_ones_move_it():
    buffers = Buffers()
    large = buffers.take("a", (10,), np.float64)
    small = buffers.take("a", (2, 2), np.float32)
    assert np.may_share_memory(large, small)
    assert buffers.moves.count == 0
    assert not np.may_share_memory(buffers.take("a", (11,), np.float64), large)
    assert buffers.moves.count == 1


def test_names_never_share():
    buffers = Buffers()
    assert not np.may_share_memory(buffers.take("a", (4,), "f4"), buffers.take("b", (4,), "f4"))


def test_many_shapes_are_forgotten_and_their_memory_is_not():
    buffers = Buffers()
    first = buffers.take("a", (2 * MOST_ARRAYS,), np.float32)
    for n in range(1, 2 * MOST_ARRAYS):
        assert np.may_share_memory(buffers.take("a", (n,), np.float32), first)
    assert len(buffers._arrays) <= MOST_ARRAYS


def test_a_border_stays_zero_while_the_inside_is_written():
    buffers = Buffers()
    for value in (1.0, 2.0):
        padded = buffers.bordered("padded", (4, 4), np.float32)
        assert padded.sum() - padded[1:3, 1:3].sum() == 0
        padded[1:3, 1:3] = value


def test_when_borders_are_too_many_all_are_made_anew(monkeypatch):
    monkeypatch.setattr(buffers_module, "MOST_FILLED", 100)
    buffers = Buffers()
    first = buffers.bordered("a", (20,), np.float32)
    buffers.ones(20, np.float32)
    assert buffers.moves.count == 1  # whoever has recorded the first one must look again
    assert buffers.bordered("a", (20,), np.float32) is not first


def test_ones_are_ones_of_each_dtype():
    buffers = Buffers()
    for dtype in (np.float32, np.float64):
        ones = buffers.ones(5, dtype)
        assert ones.dtype == dtype
        np.testing.assert_array_equal(ones, 1)
        assert buffers.ones(5, dtype) is ones


def test_without_reuse_every_array_is_fresh():
    buffers = Buffers()
    with engine_options(reuse=False):
        a, b = (buffers.take("a", (3,), np.float32) for _ in range(2))
    assert not np.may_share_memory(a, b)


def test_more_than_an_address_can_count_is_a_memory_error():
    with pytest.raises(MemoryError, match="bytes"):
        Buffers().take("a", (2**62,), np.float64)


@needs_threads
def test_a_thread_gets_back_the_buffers_that_it_had():
    with borrowed_buffers() as first:
        with borrowed_buffers() as inside:
            assert inside is not first
        others = []

        def borrow():
            with borrowed_buffers() as its:
                others.append(its)

        thread = threading.Thread(target=borrow)
        thread.start()
        thread.join()
        assert others[0] is not first
