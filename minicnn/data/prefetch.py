"""Work done ahead on other threads, handed over in order.

Pictures are decoded and batches are augmented this way, beside the training step: Pillow and
NumPy let other threads run while they compute. The results do not depend on how many threads
there are, because each piece of work is a function of its item alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from minicnn.cores import can_start_threads

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], threads: int, ahead: int
) -> Generator[Result]:
    """``map(work, items)``, on ``threads`` threads, at most ``ahead`` results in advance.

    An exception comes to the consumer in the place of its result. A consumer that stops early,
    or drops the iterator, ends the threads: what has begun is finished, the rest is not begun.
    With no threads, none asked for or none to be had, as in a browser, the work is done when its
    result is asked for.

    >>> list(in_order(lambda x: x * x, range(5), threads=2, ahead=3))
    [0, 1, 4, 9, 16]
    """
    if threads < 1 or not can_start_threads():
        yield from map(work, items)
        return
    rest = iter(items)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="minicnn-prefetch")
    waiting: deque[Future[Result]] = deque()
    try:
        for item in islice(rest, max(1, ahead)):
            waiting.append(pool.submit(work, item))
        while waiting:
            result = waiting.popleft().result()
            for item in islice(rest, 1):  # keep the queue full while the consumer works
                waiting.append(pool.submit(work, item))
            yield result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
