"""A whole batch: its memory, its sweeps, and what it hands on to whoever asked."""

import numpy as np
import pytest

from minicnn.engine.memory.arena import Arena
from minicnn.engine.plan import sweep
from minicnn.engine.plan.batch import WholeBatch
from minicnn.engine.plan.steps import Plan


class Numbered:
    def __init__(self, number=0):
        self.number = number


def batch(*outside, arena=None):
    return WholeBatch(Plan([]), arena or Arena(), True, *outside)


def test_each_goes_over_all_samples_and_is_recorded(monkeypatch):
    monkeypatch.setattr(sweep, "PIECE", 7)
    part, arena = Numbered(), Arena()
    for seed in range(4):
        a, b = np.random.default_rng(seed).standard_normal((2, 9, 3))
        samples = batch(a, b, arena=arena)
        into = samples.room(part, "y", a.shape, a.dtype)
        samples.each(part, "add", lambda work, y, a, b: work.do.add(a, b, out=y), (into,), a, b)
        np.testing.assert_array_equal(into, a + b)


def test_arrays_of_several_sizes_are_cut_together(monkeypatch):
    monkeypatch.setattr(sweep, "PIECE", 4)
    samples, part = batch(), Numbered()
    wide, thin = np.arange(20.0).reshape(5, 4), np.arange(5.0).reshape(5, 1)
    into = samples.room(part, "y", (5, 4), wide.dtype)
    samples.each(part, "add", lambda work, y, a, b: work.do.add(a, b, out=y), (into,), thin, wide)
    np.testing.assert_array_equal(into, wide + thin)


def test_a_sum_is_written_into_neither_of_its_terms():
    samples, part = batch(), Numbered()
    a, b, c = np.full((3, 2), 1.0), np.full((3, 2), 2.0), np.full((3, 2), 4.0)
    total = samples.sum(part, 0, 2, samples.sum(part, 0, 1, a, b), c)
    np.testing.assert_array_equal(total, 7.0)
    assert (a.sum(), b.sum(), c.sum()) == (6, 12, 24)


def test_the_cache_stays_for_next_state():
    samples = batch()
    samples.caches[3] = "cache"
    assert samples.cache_of(Numbered(3)) == "cache"
    assert samples.cache_of(Numbered(3)) == "cache"


def test_what_is_fresh_is_not_copied():
    y = np.ones(3)
    assert batch().fresh(lambda: y, lambda: pytest.fail("no place is needed")) is y


def test_sums_of_two_values_lie_apart_though_one_part_reads_both():
    samples, part = batch(), Numbered()
    a, b = np.full((3, 2), 1.0), np.full((3, 2), 2.0)
    first = samples.sum(part, 4, 1, a, a)
    second = samples.sum(part, 5, 1, b, b)
    np.testing.assert_array_equal(first, 2.0)
    np.testing.assert_array_equal(second, 4.0)


def test_what_is_done_with_batches_of_one_size_is_one_case():
    """However many branches part at a value, whose sums are its first reader's."""
    arena, part = Arena(), Numbered()
    for _ in range(2):
        samples = batch(arena=arena)
        x = samples.room(part, "x", (3, 2), np.float64)
        x[...] = total = 1.0
        for count in range(1, 12):
            total = samples.sum(part, 0, count, x if count == 1 else total, x)
        np.testing.assert_array_equal(total, 12.0)
    assert len(arena.recordings[part]) == 1
