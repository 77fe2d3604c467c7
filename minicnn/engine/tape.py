"""What Python does between two operations of NumPy, done once (floor 3).

To find out which arrays an operation takes costs Python some microseconds each time: this view of
that map, the strips beginning there. While it thinks it holds Python's lock, and the other threads
wait. But the engine's memory stays where it is, so for the next batch of the same size everything
would come out the same. So the operations are written on a *tape*, with the arrays that they
took, and the next batch plays it.

Whatever a tape is to do must be done through ``bench``, on arrays that stay: the frame's, the
scratch's, or weights that are changed in place. Arrays that come from elsewhere, such as the
user's pictures, are copied to a place of their own first (``Reel.settled``, or block by block
``Reel.arriving``).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from minicnn.engine.options import current_options
from minicnn.engine.scratch import Frame, Scratch, a_scratch
from minicnn.typing import Array

MOST_REELS = 8  # of a node in a frame: shapes and directions
MOST_TAPES = 2048  # on a reel: one for each job and each scratch that it was done in

Operation = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
Bring = Callable[[slice], None]
Place = tuple[int, tuple[int, ...]]  # an array's address and strides


@dataclass
class Bench:
    """Where a job works: some memory, and NumPy, perhaps with a tape running.

    ``bench.do.add(a, b, out=c)`` is ``np.add(a, b, out=c)``.
    """

    scratch: Scratch = field(default_factory=Scratch)
    do: Any = np

    def call(self, work: Callable[[], object]) -> None:
        """Do what is no operation of NumPy, with fresh arrays perhaps. A tape does it anew."""
        work()
        if isinstance(self.do, Recorder):
            self.do.tape.operations.append((work, (), {}))


class Owner(Protocol):
    """A node of a plan."""

    number: int


class Tape:
    """Operations of NumPy, in order, on arrays that lie where they lay."""

    def __init__(self, scratch: Scratch) -> None:
        self.operations: list[Operation] = []
        self._moves = scratch.moves.count

    def is_good(self, scratch: Scratch) -> bool:
        """Whether the memory that it was written in is where it was."""
        return self._moves == scratch.moves.count

    def play(self) -> None:
        """Once more."""
        for operation, arrays, options in self.operations:
            operation(*arrays, **options)


class Recorder:
    """Looks like NumPy; what it is asked to do it does, and writes down on a tape."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape

    def __getattr__(self, name: str) -> _Recorded:
        recorded = _Recorded(self.tape, getattr(np, name))
        vars(self)[name] = recorded
        return recorded


class _Recorded:
    """An operation of NumPy that is written down."""

    def __init__(self, tape: Tape, operation: Any) -> None:
        self._tape, self._operation = tape, operation

    def __call__(self, *arrays: Any, **options: Any) -> Any:
        result = self._operation(*arrays, **options)
        self._tape.operations.append((self._operation, arrays, options))
        return result

    @property
    def reduce(self) -> _Recorded:
        """As ``np.add.reduce``."""
        return _Recorded(self._tape, self._operation.reduce)


class Reel:
    """The tapes of one node's jobs, for batches of one shape, in one frame.

    With ``playing`` off every job is done as if for the first time.
    """

    def __init__(self, frame: Frame, owner: Owner, playing: bool) -> None:
        self.playing = playing
        self.kept: Any = None  # what the node itself wants to find again
        self._moves, self._moved = frame.moves, frame.moves.count
        self._outside = frame.scratch(("from outside", owner.number))
        self._tapes: dict[tuple[Hashable, Scratch], Tape] = {}
        self._places: dict[str, Place] = {}
        self._moving: set[str] = set()

    def is_good(self) -> bool:
        """Whether the frame's memory is where it was."""
        return self._moved == self._moves.count

    def work(self, job: Hashable, do: Callable[[Bench], object]) -> None:
        """Do a job, or play what it did."""
        with a_scratch() as scratch:
            tape = self._tapes.get((job, scratch))
            if not (self.playing and _may_play()):
                do(Bench(scratch))
            elif tape is not None and tape.is_good(scratch):
                tape.play()
            elif tape is None and len(self._tapes) >= MOST_TAPES:
                do(Bench(scratch))  # too many to write all of them down
            else:
                tape = Tape(scratch)
                do(Bench(scratch, Recorder(tape)))
                self._tapes[job, scratch] = tape

    def stays(self, array: Array, name: str, outside: list[Array]) -> bool:
        """Whether an array that comes to the node lies where it lay for earlier batches.

        If not, it has to be copied, and never stays again; nor does what comes from ``outside``.
        """
        if not self.playing:
            return True
        if name in self._moving or any(np.may_share_memory(array, other) for other in outside):
            return False
        place = _place(array)
        if self._places.setdefault(name, place) == place:
            return True
        self._moving.add(name)
        self._tapes.clear()
        return False

    def arriving(self, array: Array, name: str, outside: list[Array]) -> tuple[Array, Bring]:
        """Where the tapes look for an array, and how to bring some of its samples there."""
        if self.stays(array, name, outside):
            return array, lambda rows: None
        place = self._room(array, name)
        return place, lambda rows: np.copyto(place[rows], array[rows])

    def settled(self, array: Array, name: str, outside: list[Array]) -> Array:
        """The array itself if it stays, or else a copy where the tapes look for it."""
        return array if self.stays(array, name, outside) else self.copied(array, name)

    def copied(self, array: Array, name: str) -> Array:
        """A copy where the tapes look for it, of an array that is known not to stay."""
        if not self.playing:
            return array
        place = self._room(array, name)
        if address(place) != address(array):
            np.copyto(place, array)
        return place

    def _room(self, array: Array, name: str) -> Array:
        """In one piece, with its axes in the array's own order: so a copy is as good to the bit."""
        order = sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))
        room = self._outside.take(name, tuple(array.shape[i] for i in order), array.dtype)
        return room.transpose(np.argsort(order))


def address(array: Array) -> int:
    """Where an array begins."""
    begins: int = array.__array_interface__["data"][0]
    return begins


def _place(array: Array) -> Place:
    return address(array), array.strides


def _may_play() -> bool:
    options = current_options()
    return options.tapes and options.reuse and options.stopwatch is None


def follow(frame: Frame, owner: Owner, *arrays: Array) -> None:
    """Forget all tapes of a node if arrays that are changed in place, its weights, are others now.

    The shorter list is that of a prediction, the longer one has what the optimizer remembers.
    """
    places: dict[int, list[Place]] = frame.followed.setdefault(owner, {})
    now = [_place(array) for array in arrays]
    if places.setdefault(len(arrays), now) != now:
        places.clear()
        places[len(arrays)] = now
        frame.reels.pop(owner, None)


def reel_for(frame: Frame, owner: Owner, case: Hashable, plays: bool = True) -> Reel:
    """The owner's reel in this frame for this case, such as a shape and a direction."""
    if not (plays and _may_play()):
        return Reel(frame, owner, playing=False)
    reels: dict[Hashable, Reel] = frame.reels.setdefault(owner, {})
    reel = reels.pop(case, None)
    if reel is None or not reel.is_good():
        reel = Reel(frame, owner, playing=True)
    reels[case] = reel  # the last one used is the last one
    while len(reels) > MOST_REELS:
        del reels[next(iter(reels))]
    return reel
