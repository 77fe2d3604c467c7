"""Where the time goes, layer by layer.

    with mc.stopwatch() as times:
        model.fit(x, y)
    print(times)

Several layers that the engine does in one go are one row: ``conv2d_1 + maxpool2d_1``. A segment
is timed as a whole, on the caller's clock, and shared out among its layers by the seconds that
each of them took on all threads together; so the rows add up to what passed on the clock, however
many threads there are. When nobody looks, nothing is measured: the methods of a plan are wrapped
when the plan is made for a stopwatch. Meanwhile nothing is repeated from recordings, so that
each layer is really called: a step takes up to a fifth longer.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from minicnn.engine.options import current_options, engine_options
from minicnn.engine.parts.segment import Segment
from minicnn.engine.plan.steps import Plan

DIRECTIONS = ("forward", "backward", "infer")


@dataclass(frozen=True)
class LayerTime:
    """Some layers, and the seconds that they took."""

    title: str
    forward: float  # while training
    backward: float  # with the update of a large Dense, which happens in it
    infer: float  # forward, with nothing kept: evaluate and predict

    @property
    def seconds(self) -> float:
        """All directions together."""
        return self.forward + self.backward + self.infer


@dataclass
class Stopwatch:
    """Made by :func:`stopwatch`; printed, it is a table."""

    _began: float = field(default_factory=lambda: time.perf_counter())
    _ended: float | None = None  # when the ``with`` block was left
    _parts: dict[tuple[int, str], float] = field(default_factory=lambda: defaultdict(float))
    _shares: dict[tuple[int, str], dict[str, float]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(float))
    )
    _titles: dict[int, str] = field(default_factory=dict)  # of all but the segments
    _layers: list[str] = field(default_factory=list)  # titles, in the network's order
    _others: dict[str, None] = field(default_factory=dict)
    _inside: threading.local = field(default_factory=threading.local)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _numbers: Iterator[int] = field(default_factory=itertools.count)  # for what is timed
    _plans: WeakKeyDictionary[Any, dict[Any, Plan]] = field(default_factory=WeakKeyDictionary)

    __hash__ = object.__hash__  # it is a switch of the engine: plans are kept by it

    def rows(self) -> list[LayerTime]:
        """In the order of the network, and then what is no layer."""
        found: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(DIRECTIONS, 0.0))
        for (number, direction), seconds in self._parts.items():
            if number in self._titles:
                found[self._titles[number]][direction] += seconds
                continue
            shares = self._shares[number, direction]
            whole = sum(shares.values())
            for title, share in shares.items():  # a coarse clock may have seen none of them
                part = share / whole if whole else 1 / len(shares)
                found[title][direction] += seconds * part
        if not self._layers:
            return []  # the optimizer alone would look like the whole of it
        order = [*self._layers, *self._others]
        return [LayerTime(title, **found[title]) for title in order if title in found]

    @property
    def total(self) -> float:
        """Seconds inside the ``with`` block, so far if it has not been left yet."""
        return (time.perf_counter() if self._ended is None else self._ended) - self._began

    @property
    def rest(self) -> float:
        """Seconds outside all layers: the loss, the metrics, the loop, the waiting for data."""
        return self.total - sum(row.seconds for row in self.rows())

    def __str__(self) -> str:
        rows, total = self.rows(), self.total
        if not rows:
            return (
                "nothing was timed: no batch went through the engine (the plain loop, and a GPU, "
                "have no parts to time)"
            )
        width = max(len("everything else"), *(len(row.title) for row in rows))
        head = "".join(f"{name:>12}" for name in (*DIRECTIONS, "seconds", "share"))
        lines = [f"{'':{width}}{head}"]
        for row in rows:
            each = "".join(f"{s:12.3f}" for s in (row.forward, row.backward, row.infer))
            share = _share(row.seconds, total)
            lines.append(f"{row.title:{width}}{each}{row.seconds:12.3f}{share:12.1%}")
        rest = total - sum(row.seconds for row in rows)
        lines.append(f"{'everything else':{width}}{'':36}{rest:12.3f}{_share(rest, total):12.1%}")
        lines.append(f"{'total':{width}}{'':36}{total:12.3f}")
        return "\n".join(lines)

    # ---- measuring -----------------------------------------------------------------------------

    def plans_of(self, engine: Any) -> dict[Any, Plan]:
        """An engine's plans for this stopwatch, which go with the end of the block."""
        return self._plans.setdefault(engine, {})

    def end(self) -> None:
        """The block is left."""
        self._ended = time.perf_counter()
        self._plans.clear()

    def attach(self, plan: Plan) -> None:
        """Time all parts of a plan that is made for this stopwatch."""
        self._name_all(plan)
        for part, _ in plan.steps:
            number = next(self._numbers)
            if isinstance(part, Segment):
                self._time_segment(part, number)
            elif part.title:
                self._titles[number] = part.title
                for direction in DIRECTIONS:
                    self._wrap(part, direction, self._to_part(number, direction))

    @contextmanager
    def timing(self, title: str, direction: str) -> Iterator[None]:
        """Time what is no layer, such as the optimizer."""
        self._others[title] = None
        self._titles[-1] = title
        start = time.perf_counter()
        try:
            yield
        finally:
            self._parts[-1, direction] += time.perf_counter() - start

    def _time_segment(self, segment: Segment, number: int) -> None:
        for direction in DIRECTIONS:
            self._wrap(segment, direction, self._to_part(number, direction), whole=True)
            for part in segment.inner():  # what is no layer is shared out among those that are
                share = self._to_share(number, direction, part.title) if part.title else _nobody
                self._wrap(part, direction, share)

    def _name_all(self, plan: Plan) -> None:
        """The rows' order. Another plan, for prediction, may do other layers in one go."""
        place = 0
        for title in (part.title for part in plan.parts() if part.title):
            if title not in self._layers:
                self._layers.insert(place, title)
            place = self._layers.index(title) + 1

    def _to_part(self, number: int, direction: str) -> Callable[[float], None]:
        def add(seconds: float) -> None:
            self._parts[number, direction] += seconds

        return add

    def _to_share(self, number: int, direction: str, title: str) -> Callable[[float], None]:
        def add(seconds: float) -> None:
            with self._lock:
                self._shares[number, direction][title] += seconds

        return add

    def _wrap(
        self, part: Any, direction: str, add: Callable[[float], None], whole: bool = False
    ) -> None:
        """Let a method tell how long it took, if not ``whole`` without the parts inside it."""
        method = getattr(part, direction)

        def timed(*args: Any, **options: Any) -> Any:
            stack = self._stack()
            stack.append(0.0)
            start = time.perf_counter()
            try:
                return method(*args, **options)
            finally:
                seconds = time.perf_counter() - start
                inside = stack.pop()
                if stack:
                    stack[-1] += seconds
                add(seconds if whole else seconds - inside)

        vars(part)[direction] = timed

    def _stack(self) -> list[float]:
        """Of this thread: the seconds of timed parts inside the ones being timed."""
        if not hasattr(self._inside, "stack"):
            self._inside.stack = []
        stack: list[float] = self._inside.stack
        return stack


def _share(seconds: float, total: float) -> float:
    return seconds / total if total else 0.0


def _nobody(seconds: float) -> None:
    """Seconds that are no layer's."""


@contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    """Time all that the engine does for this thread inside the ``with`` block, layer by layer.

    >>> import numpy as np
    >>> import minicnn as mc
    >>> model = mc.Sequential([mc.Conv2D(4, 3), mc.MaxPool2D(2), mc.Flatten(), mc.Dense(1)],
    ...                       input_shape=(8, 8, 1))
    >>> with mc.stopwatch() as times:
    ...     _ = model.predict(np.zeros((2, 8, 8, 1), np.float32))
    >>> [row.title for row in times.rows()]
    ['conv2d_1 + maxpool2d_1', 'flatten_1', 'dense_1']
    """
    watch = Stopwatch()
    try:
        with engine_options(stopwatch=watch):
            yield watch
    finally:
        watch.end()


@contextmanager
def timing(title: str, direction: str) -> Iterator[None]:
    """Tell the stopwatch, if one is running, of something that is no layer."""
    watch: Stopwatch | None = current_options().stopwatch
    if watch is None:
        yield
        return
    with watch.timing(title, direction):
        yield
