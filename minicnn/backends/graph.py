"""Work that is captured once as a CUDA graph and then repeated with one launch.

A small step is all launches: the GPU is done with each before the CPU has asked for the next. A
graph is asked for once. It repeats its launches as they were, so

    memory     must stay where it is: what the work makes on its way comes from a pool that
               nobody else takes from, and what comes in is copied into arrays that stay;
    numbers    that change from step to step (a learning rate, a dropout's key) are no arguments
               but lie in memory, as Words, which are put there before each launch;
    waiting    is not possible inside it, nor is anything that the CPU must know or bring.

It is off unless the environment says MINICNN_CUDA_GRAPHS=1.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from minicnn.backends.cublas import Cublas, loaded_library
from minicnn.backends.uploads import address
from minicnn.typing import Array

SEATS = 32  # as in cuda/dropout.cu
RULE = 6  # words for an optimizer's numbers
Key = tuple[int, int]


class CaptureError(Exception):
    """Not this work: it is done as ever."""


def wanted() -> bool:
    """Whether the environment asks for graphs."""
    return os.environ.get("MINICNN_CUDA_GRAPHS", "0") == "1"


class Words:
    """Numbers of a step where a graph's kernels look for them."""

    def __init__(self, ops: Any, names: Mapping[Key, str]) -> None:
        library = loaded_library(ops.xp)
        if library is None:
            raise CaptureError("no cuBLAS found that could be captured")
        self.ops, self.names = ops, names
        self.blas = Cublas(ops.xp, library)
        self.array = ops.xp.zeros(SEATS, np.uint64)
        self.layers: list[str] = []  # whose keys follow the rule's numbers
        self.settled = False

    def of_rule(self, numbers: Sequence[float]) -> int:
        """Where an optimizer's numbers are."""
        if not self.settled:
            self._put(0, np.array(numbers, np.float64).view(np.uint64))
        return address(self.array)

    def of_key(self, key: Key) -> int:
        """Where the key of the layer is that has this one now."""
        if key not in self.names:
            raise CaptureError("something draws by a key that no layer has")
        name = self.names[key]
        if name not in self.layers:
            if self.settled or RULE + 2 * len(self.layers) + 2 > SEATS:
                raise CaptureError("too many layers that draw")
            self.layers.append(name)
        place = RULE + 2 * self.layers.index(name)
        if not self.settled:
            self._put(place, np.array(key, np.uint64))
        return address(self.array) + 8 * place

    def renew(self, numbers: Sequence[float], key_of: Callable[[str], Key]) -> None:
        """Put the numbers of another step there."""
        words = np.zeros(SEATS, np.uint64)
        words[: len(numbers)] = np.array(numbers, np.float64).view(np.uint64)
        for place, name in enumerate(self.layers):
            words[RULE + 2 * place : RULE + 2 * place + 2] = key_of(name)
        self._put(0, words[: RULE + 2 * len(self.layers)])

    def _put(self, place: int, words: Array) -> None:
        box = np.zeros(1, [("of", "<u8", SEATS)])
        box["of"][0, : len(words)] = words
        there = self.array[place : place + len(words)]
        self.ops.kernels.over(len(words), "put_words", (there,), (), (box,))


@contextmanager
def no_garbage_collected() -> Iterator[None]:
    """While work is captured: to give back the memory of a model that died earlier would end it."""
    gc.collect()
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Capture:
    """Work on one shape of arrays: rehearsed once for real, captured, then repeated."""

    def __init__(self, ops: Any, inputs: Sequence[Array], names: Mapping[Key, str]) -> None:
        cupy = ops.xp
        self.ops, self.words = ops, Words(ops, names)
        self.inputs = [cupy.empty(a.shape, a.dtype) for a in inputs]
        self.pool, self.stream = cupy.cuda.MemoryPool(), cupy.cuda.Stream(non_blocking=True)
        self.graph: Any = None

    def rehearse(self, inputs: Sequence[Array], work: Callable[[Sequence[Array]], Any]) -> Any:
        """Do the work, with everything as it will be captured; compiles and allocates."""
        self._bring(inputs)
        return self._apart(work)

    def capture(self, work: Callable[[Sequence[Array]], Any]) -> Any:
        """Write the work down; nothing is done. What it returns will be filled by ``repeat``."""
        self.words.settled = True

        def captured(inputs: Sequence[Array]) -> Any:
            self.stream.begin_capture()
            try:
                result = work(inputs)
            except BaseException:
                self._give_up()
                raise
            self.graph = self.stream.end_capture()
            return result

        with no_garbage_collected():
            return self._apart(captured)

    def repeat(
        self, inputs: Sequence[Array], numbers: Sequence[float], key_of: Callable[[str], Key]
    ) -> None:
        """Do the work with other inputs and other numbers."""
        self._bring(inputs)
        self.words.renew(numbers, key_of)
        self.graph.launch()

    def _bring(self, inputs: Sequence[Array]) -> None:
        for mine, a in zip(self.inputs, inputs, strict=True):
            if a.size:
                mine[...] = a

    def _apart(self, work: Callable[[Sequence[Array]], Any]) -> Any:
        """In a stream of its own, with memory of its own."""
        cuda, outside = self.ops.xp.cuda, self.ops.stream()
        self.stream.wait_event(outside.record())
        self.ops.step.words = self.words
        try:
            with self.stream, cuda.using_allocator(self.pool.malloc):
                return work(self.inputs)
        finally:
            self.ops.step.words = None
            outside.wait_event(self.stream.record())

    def _give_up(self) -> None:
        try:
            self.stream.end_capture()
        except Exception:
            self.graph = None
