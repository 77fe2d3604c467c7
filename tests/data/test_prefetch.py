"""Work ahead on threads: in order, bounded, and ended whenever the consumer ends."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicnn.data.prefetch import in_order
from tests.effort import examples
from tests.narrow import needs_threads, no_more_threads
from tests.patience import PATIENCE


def prefetch_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("minicnn-prefetch")]


@examples(40)
@given(st.lists(st.integers(), max_size=30), st.integers(0, 5), st.integers(1, 8))
def test_the_same_as_map(items: list[int], threads: int, ahead: int) -> None:
    def work(item: int) -> int:
        time.sleep(abs(hash(item)) % 3 * 1e-4)  # some take longer than others
        return item * 2

    assert list(in_order(work, items, threads, ahead)) == [item * 2 for item in items]
    assert not prefetch_threads()


def test_no_more_than_asked_is_done_ahead() -> None:
    begun: list[int] = []
    results = in_order(lambda item: begun.append(item) or item, range(100), threads=2, ahead=3)
    for taken in range(10):
        assert next(results) == taken
        time.sleep(0.002)
        assert len(begun) <= taken + 1 + 3
    results.close()


@needs_threads
def test_it_is_done_beside_the_consumer() -> None:
    beside = threading.Event()
    results = in_order(lambda item: beside.set() if item == 1 else None, range(3), 1, 2)
    next(results)
    assert beside.wait(PATIENCE), "item 1 was not begun before it was asked for"
    results.close()


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_an_exception_comes_in_its_place(threads: int) -> None:
    def work(item: int) -> int:
        if item == 3:
            raise KeyError("three")
        return item

    results = in_order(work, range(10), threads, 4)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(KeyError, match="three"):
        next(results)
    assert not prefetch_threads()


def test_an_early_end_leaves_no_threads() -> None:
    for item in in_order(lambda item: item, range(1000), 3, 5):
        if item == 2:
            break
    del item
    assert not prefetch_threads()
    results = in_order(lambda item: item, range(1000), 3, 5)
    next(results)
    del results
    assert not prefetch_threads()


def test_without_threads_each_is_done_when_it_is_asked_for() -> None:
    began: list[int] = []
    with no_more_threads():
        results = in_order(lambda item: began.append(item) or item * 2, range(5), 3, 4)
        assert not began
        assert next(results) == 0
        assert began == [0]
        assert list(results) == [2, 4, 6, 8]
