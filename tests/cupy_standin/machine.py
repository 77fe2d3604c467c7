"""When the make-believe device does what: streams, events, graphs, memory, and what is counted.

Work goes through :func:`submit`. A stream that is *lazy* keeps it in a queue until somebody waits
for it, as a GPU may; which streams are lazy is chosen with :func:`lazy`, so that a test can try
both extremes: copies that arrive as late as they may, and kernels that run as late as they may. A
wait that was forgotten then shows in the numbers. A stream that is being captured runs nothing.
"""

import itertools
import threading
import weakref
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, fields


class CUDARuntimeError(RuntimeError):
    """An error of CUDA's runtime."""


@dataclass
class Counts:
    """What a step costs, since the program began: see :func:`counted`."""

    launches: int = 0  # kernels, by hand and CuPy's, and products of matrices
    graphs: int = 0  # launches of a whole captured graph
    fetches: int = 0  # numbers brought to the CPU, which waits until the device is done
    uploads: int = 0  # from memory that is not pinned: the CPU waits for these too
    streamed: int = 0  # from pinned memory, beside the work
    waits: int = 0  # for all that is under way
    held: int = 0  # for one event


counts = Counts()


@contextmanager
def counted():
    """The counts of a ``with`` block, complete when it ends."""
    before, inside = Counts(**vars(counts)), Counts()
    yield inside
    for field in fields(Counts):
        setattr(inside, field.name, getattr(counts, field.name) - getattr(before, field.name))


# ---- streams and events -----------------------------------------------------------------------

_numbers = itertools.count(2)  # 0 and 1 are CUDA's default streams
_here = threading.local()
_lazy = "others"


@contextmanager
def lazy(which):
    """Which streams are as late as they may be: "others" (but the default), "default", "all"."""
    global _lazy
    before, _lazy = _lazy, which
    try:
        yield
    finally:
        Stream.null._do_all()
        _lazy = before


class Stream:
    """An order in which things are done."""

    def __init__(self, null=False, non_blocking=False, ptds=False):
        assert null or non_blocking, "a stream that waits for the default stream hides mistakes"
        self.ptr = 0 if null else next(_numbers)
        self._queue = deque()
        self._captured = None

    def __enter__(self):
        _stack().append(self)
        return self

    def __exit__(self, *error):
        assert _stack().pop() is self

    def __eq__(self, other):
        return isinstance(other, Stream) and self.ptr == other.ptr

    __hash__ = None

    def synchronize(self):
        """Wait for all of it."""
        self._not_while_capturing("synchronize")
        counts.waits += 1
        self._do_all()

    def record(self, event=None):
        """Put an event at the end of what is queued."""
        event = Event() if event is None else event
        event.record(self)
        return event

    def wait_event(self, event):
        """Do nothing further before what was queued ahead of the event is done."""
        self._not_while_capturing("wait_event")
        stream, token = event._place
        if stream is not None:
            self._submit(lambda: stream._do_until(token))

    def begin_capture(self, mode=None):
        """From now on, write down and do nothing."""
        if self.ptr < 2:
            raise RuntimeError("cannot capture on the default (legacy) stream")
        self._do_all()
        self._captured = Graph()

    def end_capture(self):
        """What was written down."""
        graph, self._captured = self._captured, None
        return graph

    def is_capturing(self):
        """Whether it is written down."""
        return self._captured is not None

    def _not_while_capturing(self, what):
        if self.is_capturing():
            raise CUDARuntimeError(f"cudaErrorStreamCaptureUnsupported: {what} while capturing")

    def _is_lazy(self):
        return _lazy == "all" or (_lazy == "default") == (self.ptr == 0)

    def _submit(self, work, touched=()):
        if self._captured is not None:
            self._captured._add(work, touched)
        elif self._is_lazy():
            self._queue.append(work)
        else:
            self._do_all()
            work()

    def _do_all(self):
        while self._queue:
            self._queue.popleft()()

    def _do_until(self, token):
        while not token and self._queue:
            self._queue.popleft()()


class Event:
    """A place in a stream."""

    def __init__(self, block=False, disable_timing=False, interprocess=False):
        self._place = (None, [True])

    def record(self, stream=None):
        """The end of what is queued now."""
        stream = get_current_stream() if stream is None else stream
        stream._not_while_capturing("record")
        token = []
        self._place = (stream, token)
        stream._submit(lambda: token.append(True))

    def synchronize(self):
        """Wait until the stream has come so far."""
        counts.held += 1
        stream, token = self._place
        if stream is not None:
            stream._do_until(token)

    @property
    def done(self):
        """Whether it has."""
        return bool(self._place[1])


Stream.null = Stream(null=True)


def _stack():
    if not hasattr(_here, "streams"):
        _here.streams = [Stream.null]
    return _here.streams


def get_current_stream(device_id=-1):
    """The stream that work goes to."""
    return _stack()[-1]


def submit(work, touched=()):
    """Have ``work`` done by the current stream; ``touched``: arrays, or their blocks, in it."""
    get_current_stream()._submit(work, touched)


def at_once():
    """Whether the current stream does its work as soon as it is given some."""
    stream = get_current_stream()
    return not stream.is_capturing() and not stream._is_lazy()


def wait(what):
    """Before the CPU looks at numbers: all work of the current stream must be done."""
    stream = get_current_stream()
    stream._not_while_capturing(what)
    stream._do_all()


# ---- memory -----------------------------------------------------------------------------------


class Block:
    """A piece of the device's memory, shared by an array and the views of it."""

    def __init__(self):
        self.pool = getattr(_here, "pool", None)  # None: the pool that everybody takes from
        self.memory = None  # NumPy's


class MemoryPool:
    """Where memory comes from, and goes back to."""

    def malloc(self, size):
        """Only ever handed to :func:`using_allocator`."""
        raise NotImplementedError

    def free_bytes(self):
        """What is kept and not used: nothing."""
        return 0

    def free_all_blocks(self, stream=None):
        """Nothing is kept here."""


@contextmanager
def using_allocator(allocator=None):
    """Arrays made in the ``with`` block come from that pool."""
    before = getattr(_here, "pool", None)
    _here.pool = allocator.__self__
    try:
        yield
    finally:
        _here.pool = before


class Graph:
    """Work that was captured, to be done as often as one likes: on the same memory each time."""

    def __init__(self):
        self._work, self._blocks = [], {}

    def _add(self, work, touched):
        counts.launches -= 1  # written down, not launched
        self._work.append(work)
        for array in touched:
            block = array if isinstance(array, Block) else array._block
            self._blocks[id(block)] = (weakref.ref(block), block.pool and weakref.ref(block.pool))

    def launch(self, stream=None):
        """Do all of it. Memory that somebody else may have got meanwhile is an error."""
        for block, pool in self._blocks.values():
            kept = block() is not None if pool is None else pool() is not None
            assert kept, "a graph works on memory that was given back"
        counts.graphs += 1
        work = list(self._work)
        stream = get_current_stream() if stream is None else stream
        stream._submit(lambda: [each() for each in work])

    def upload(self, stream=None):
        """Nothing has to be made ready here."""
