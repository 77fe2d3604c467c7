"""Arenas: one for each batch under way, used again, and never copied with a model."""

import copy
import pickle

import numpy as np

from minicnn.engine.memory.arena import Arena, Arenas


def test_each_owner_has_buffers_of_its_own():
    arena = Arena()
    assert arena.buffers(1) is arena.buffers(1)
    a, b = (arena.buffers(owner).take("y", (4,), np.float32) for owner in (1, 2))
    assert not np.may_share_memory(a, b)


def test_moves_are_counted_for_the_whole_arena():
    arena = Arena()
    arena.buffers(1).take("y", (4,), np.float32)
    arena.buffers(1).take("y", (400,), np.float32)
    assert arena.buffers(2).moves.count == arena.moves.count == 1


def test_two_batches_at_once_have_two_arenas_and_the_third_has_one_of_theirs():
    arenas = Arenas()
    first, second = arenas.take(), arenas.take()
    assert first is not second
    arenas.give(first)
    assert arenas.take() is first


def test_a_copy_begins_without_memory():
    arenas = Arenas()
    arenas.give(Arena())
    for other in (copy.copy(arenas), copy.deepcopy(arenas), pickle.loads(pickle.dumps(arenas))):
        assert other._free == []
