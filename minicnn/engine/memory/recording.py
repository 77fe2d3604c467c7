"""What Python does between two operations of NumPy, done once and recorded.

To find out which arrays an operation takes costs Python some microseconds each time: this view of
that map, the strips beginning there. While it thinks it holds Python's lock, and the other threads
wait. But the engine's memory stays where it is, so for the next batch of the same size everything
would come out the same. So the operations are *recorded*, with the arrays that they took, and for
the next batch they are repeated.

    the first batch     np.add(a, b, out=c)      is done, and written down
    each later batch    np.add(a, b, out=c)      is done: a, b, c lie where they lay,
                                                 with other numbers in them

Whatever is to be recorded must be done through a ``Workspace``, on arrays that stay: the arena's,
the workspace's, or weights that are changed in place. Arrays that come from elsewhere, such as the
user's pictures, are copied to a place of their own first (``Recordings.settled``, or some samples
at a time ``Recordings.arriving``). What is no operation of NumPy on such arrays is recorded as a
call (``Workspace.call``), which is made anew each time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from minicnn.engine.memory.arena import Arena
from minicnn.engine.memory.buffers import Buffers, borrowed_buffers
from minicnn.engine.options import current_options
from minicnn.typing import Array

MOST_CASES = 8  # of an owner in an arena: shapes and directions whose recordings are kept
MOST_RECORDINGS = 2048  # of one case: one for each job and each set of buffers it was done in

Operation = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
Bring = Callable[[slice], None]
Location = tuple[int, tuple[int, ...]]  # an array's address and strides


@dataclass
class Workspace:
    """Where a job is done: buffers for what is needed for a moment, and NumPy, or a recorder.

    ``workspace.do.add(a, b, out=c)`` is ``np.add(a, b, out=c)``.
    """

    buffers: Buffers = field(default_factory=Buffers)
    do: Any = np

    def call(self, work: Callable[[], object]) -> None:
        """Do what is no operation of NumPy, with fresh arrays perhaps; never recorded inside."""
        work()
        if isinstance(self.do, Recorder):
            self.do.recording.operations.append((work, (), {}))


class Owner(Protocol):
    """Whose recordings they are: a part of a plan."""

    number: int


class Recording:
    """Operations of NumPy, in order, on arrays that lie where they lay."""

    def __init__(self, buffers: Buffers) -> None:
        self.operations: list[Operation] = []
        self._moves = buffers.moves.count

    def is_good(self, buffers: Buffers) -> bool:
        """Whether the buffers that it was made in are where they were."""
        return self._moves == buffers.moves.count

    def repeat(self) -> None:
        """All of it, on what the arrays hold now."""
        for operation, arrays, options in self.operations:
            operation(*arrays, **options)


class Recorder:
    """Looks like NumPy; what it is asked to do it does, and records."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording

    def __getattr__(self, name: str) -> _Recorded:
        recorded = _Recorded(self.recording, getattr(np, name))
        vars(self)[name] = recorded
        return recorded


class _Recorded:
    """An operation of NumPy that is recorded."""

    def __init__(self, recording: Recording, operation: Any) -> None:
        self._recording, self._operation = recording, operation

    def __call__(self, *arrays: Any, **options: Any) -> Any:
        result = self._operation(*arrays, **options)
        self._recording.operations.append((self._operation, arrays, options))
        return result

    @property
    def reduce(self) -> _Recorded:
        """As ``np.add.reduce``."""
        return _Recorded(self._recording, self._operation.reduce)


class Recordings:
    """Those of one owner's jobs, for batches of one shape, in one arena.

    With ``active`` off every job is done as if for the first time.
    """

    def __init__(self, arena: Arena, owner: Owner, active: bool) -> None:
        self.active = active
        self.kept: Any = None  # what the owner itself wants to find again
        self._moves, self._moved = arena.moves, arena.moves.count
        self._outside = arena.buffers(("from outside", owner.number))
        self._recordings: dict[tuple[Hashable, Buffers], Recording] = {}
        self._locations: dict[str, Location] = {}
        self._moving: set[str] = set()

    def is_good(self) -> bool:
        """Whether the arena's memory is where it was."""
        return self._moved == self._moves.count

    def work(self, job: Hashable, do: Callable[[Workspace], object]) -> None:
        """Do a job and record it, or repeat what it did."""
        with borrowed_buffers() as buffers:
            recording = self._recordings.get((job, buffers))
            if not (self.active and _may_record()):
                do(Workspace(buffers))
            elif recording is not None and recording.is_good(buffers):
                recording.repeat()
            elif recording is None and len(self._recordings) >= MOST_RECORDINGS:
                do(Workspace(buffers))  # too many to keep all of them
            else:
                recording = Recording(buffers)
                do(Workspace(buffers, Recorder(recording)))
                self._recordings[job, buffers] = recording

    # ---- arrays from elsewhere -----------------------------------------------------------------

    def stays(self, array: Array, name: str, outside: list[Array]) -> bool:
        """Whether an array that comes to the owner lies where it lay for earlier batches.

        If not, it has to be copied, and never stays again; nor does what comes from ``outside``.
        """
        if not self.active:
            return True
        if name in self._moving or any(np.may_share_memory(array, other) for other in outside):
            return False
        location = _location(array)
        if self._locations.setdefault(name, location) == location:
            return True
        self._moving.add(name)
        self._recordings.clear()
        return False

    def arriving(self, array: Array, name: str, outside: list[Array]) -> tuple[Array, Bring]:
        """Where recordings look for an array, and how to bring some of its samples there."""
        if self.stays(array, name, outside):
            return array, lambda rows: None
        room = self._room(array, name)
        return room, lambda rows: np.copyto(room[rows], array[rows])

    def settled(self, array: Array, name: str, outside: list[Array]) -> Array:
        """The array itself if it stays, or else a copy where recordings look for it."""
        return array if self.stays(array, name, outside) else self.copied(array, name)

    def copied(self, array: Array, name: str) -> Array:
        """A copy where recordings look for it, of an array that is known not to stay."""
        if not self.active:
            return array
        room = self._room(array, name)
        if address(room) != address(array):
            np.copyto(room, array)
        return room

    def _room(self, array: Array, name: str) -> Array:
        """In one piece, with its axes in the array's own order: so a copy is as good to the bit."""
        order = sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))
        room = self._outside.take(name, tuple(array.shape[i] for i in order), array.dtype)
        return room.transpose(np.argsort(order))


def address(array: Array) -> int:
    """Where an array begins."""
    begins: int = array.__array_interface__["data"][0]
    return begins


def _location(array: Array) -> Location:
    return address(array), array.strides


def _may_record() -> bool:
    options = current_options()
    return options.record and options.reuse and options.stopwatch is None


def recordings_for(arena: Arena, owner: Owner, case: Hashable, active: bool = True) -> Recordings:
    """The owner's recordings in this arena for this case, such as a shape and a direction."""
    if not (active and _may_record()):
        return Recordings(arena, owner, active=False)
    cases: dict[Hashable, Recordings] = arena.recordings.setdefault(owner, {})
    found = cases.pop(case, None)
    if found is None or not found.is_good():
        found = Recordings(arena, owner, active=True)
    cases[case] = found  # the last one used is the last one
    while len(cases) > MOST_CASES:
        del cases[next(iter(cases))]
    return found


def follow(arena: Arena, owner: Owner, *arrays: Array) -> None:
    """Forget an owner's recordings if arrays that change in place, its weights, are others now.

    The shorter list is that of a prediction, the longer one has what the optimizer remembers.
    """
    followed: dict[int, list[Location]] = arena.followed.setdefault(owner, {})
    now = [_location(array) for array in arrays]
    if followed.setdefault(len(arrays), now) != now:
        followed.clear()
        followed[len(arrays)] = now
        arena.recordings.pop(owner, None)
