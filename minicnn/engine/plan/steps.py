"""A plan: one list of steps over numbered values, walked forward and backward.

    number   step                       reads      with learns
    0        the input                             no
    1        Segment(conv + pool)       0          yes
    2        Dense                      1          yes
    3        Same                       1          yes
    4        Add                        2, 3       yes

A step reads some values and makes the next one. Where branches part, a value is read twice; where
they meet, a step reads two. The same two walks take a whole batch through a plan and, inside a
segment (``parts/segment.py``), one block of a batch through the segment's own steps. What differs
between the two is in ``samples``: a ``WholeBatch`` or a ``Block``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from minicnn.engine.plan.samples import Samples
from minicnn.layers import Layer
from minicnn.typing import Array, DType, Params

Where = TypeVar("Where", bound=Samples, contravariant=True)  # a WholeBatch, a Block, or either


class Part(ABC, Generic[Where]):
    """What a step does. It knows layers and their paths, and keeps nothing of a batch.

    So layers' arrays may change, and be replaced, under it. What it needs for the way back it
    notes in ``samples.notes``, under its number.
    """

    number = 0  # its own within the plan, to name its memory by
    title = ""  # the layers it stands for, "conv2d_1 + maxpool2d_1"; none, if it is no layer
    by_block = False  # whether it can take a block of a batch: then it is a ``BlockPart``
    takes_shares = True  # of a batch: it treats samples one by one, or asks for ``Totals``

    @abstractmethod
    def forward(self, samples: Where, *xs: Array) -> Array:
        """The value that it makes, with what ``backward`` needs noted."""

    @abstractmethod
    def backward(self, samples: Where, dy: Array, need_dx: bool) -> tuple[Array, ...]:
        """A gradient for each value that was read; nobody looks at them unless ``need_dx``.

        Those of the parameters go to ``samples.add_gradient``. ``dy`` may be another's too: it is
        handed on as it is, perhaps, and never written to.
        """

    @abstractmethod
    def infer(self, samples: Where, *xs: Array) -> Array:
        """The value alone, with nothing noted."""

    def size(self) -> int:
        """How many numbers it can learn."""
        return 0

    def next_state(self, samples: Where) -> Params:
        """The running figures after this batch, by path."""
        return {}

    def inner(self) -> Iterator[Part[Any]]:
        """The parts inside this one, if it has steps of its own."""
        return iter(())


class Step(NamedTuple):
    """A part, and the numbers of the values that it reads."""

    part: Part[Any]
    reads: tuple[int, ...]


class Plan:
    """Steps in order: step k makes value ``inputs`` + k. The values before are the inputs."""

    def __init__(
        self,
        steps: Sequence[Step],
        inputs: int = 1,
        outputs: tuple[int, ...] | None = None,
        dtype: Any = np.float32,
    ) -> None:
        self.steps, self.inputs = tuple(steps), inputs
        self.numbered = tuple(enumerate(self.steps, inputs))  # with what each of them makes
        self.dtype: DType = np.dtype(dtype)  # of the computation
        self.layers: tuple[Layer, ...] = ()  # of the network: plans are found by their ids
        last = inputs + len(steps) - 1
        self.outputs = (last,) if outputs is None else outputs
        # Whether a gradient has to come to a value: something that it was made of can learn.
        self.learns = [False] * inputs
        for part, reads in self.steps:
            self.learns.append(part.size() > 0 or any(self.learns[i] for i in reads))
        self.readers: list[list[int]] = [[] for _ in range(last + 1)]  # by value, in order
        for number, step in self.numbered:
            for i in dict.fromkeys(step.reads):
                self.readers[i].append(number)

    def parts(self) -> Iterator[Part[Any]]:
        """Those of all steps, and those inside them."""
        for step in self.steps:
            yield step.part
            yield from step.part.inner()


def forward(plan: Plan, xs: Sequence[Array], samples: Samples, keep: bool) -> list[Array]:
    """The plan's outputs. With ``keep`` it is noted what ``backward`` will need."""
    values = dict(enumerate(xs))
    for number, (part, reads) in plan.numbered:
        through = part.forward if keep else part.infer
        values[number] = through(samples, *[values[i] for i in reads])
        for i in set(reads):
            if plan.readers[i][-1] == number and i not in plan.outputs:
                del values[i]  # nobody reads it any more
    return [values[i] for i in plan.outputs]


def backward(plan: Plan, dys: Sequence[Array], samples: Samples, need_dx: bool) -> dict[int, Array]:
    """The steps in reverse: gradients of the inputs, by number, if anybody needs them.

    A value that was read several times adds up what comes back, in the order of its readers.
    """
    needed = [need_dx or learns for learns in plan.learns]
    came: dict[int, list[Array]] = {}  # gradients of a value, in the order of its readers
    for number, dy in zip(plan.outputs, dys, strict=True):
        if needed[number]:
            came[number] = [dy]
    for number, (part, reads) in reversed(plan.numbered):
        if number in came:
            dy = summed(plan, number, came.pop(number), samples)
            need = any(needed[i] for i in reads)
            dxs = part.backward(samples, dy, need)
            for i, dx in zip(reversed(reads), reversed(dxs), strict=True) if need else ():
                if needed[i]:
                    came.setdefault(i, []).insert(0, dx)
    return {i: summed(plan, i, dxs, samples) for i, dxs in came.items()}


def summed(plan: Plan, number: int, dxs: list[Array], samples: Samples) -> Array:
    """What came back to a value: ((first + second) + third), in the order of its readers.

    One alone is the sum itself, though it may be another's too. Nothing is ever added into it.
    """
    total = dxs[0]
    for count, dx in enumerate(dxs[1:], 1):
        first_reader = plan.steps[plan.readers[number][0] - plan.inputs].part
        total = samples.sum(first_reader, number, count, total, dx)
    return total
