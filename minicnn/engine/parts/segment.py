"""A segment: steps that treat samples one by one, taken block by block, depth first.

A block of the batch goes through all of the segment's steps before the next block starts, so what
one step writes is still in the core's cache when the next one reads it:

    batch     conv      pool      conv             On the way back blocks are dealt to partial
    +-----+                                        sums, here two. A partial sum is one job for
    |  0  | ------> ------> ------> y[0]           the threads: it takes its blocks back one after
    |  1  | ------> ------> ------> y[1]           another, and adds up their gradients in order;
    |  2  | ------> ------> ------> y[2]           then the partial sums are added, in order too.
    |  3  | ------> ------> ------> y[3]               0: blocks 0, 2      1: blocks 1, 3
    +-----+

Neither blocks nor partial sums depend on the number of threads, so the result doesn't either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from minicnn.engine.machine import threads
from minicnn.engine.memory.recording import Recordings, Workspace, address, recordings_for
from minicnn.engine.parts.cutting import block_count
from minicnn.engine.parts.flatten import FlattenPart
from minicnn.engine.plan.batch import WholeBatch
from minicnn.engine.plan.block import Block, PartialSums, block_parts
from minicnn.engine.plan.steps import Part, Plan, backward, forward
from minicnn.typing import Array, DType, Shape

MOST_SUMS = 16  # partial sums, so that many cores find work
MOST_SUM_MEMORY = 1 << 27  # bytes for all partial sums of a segment's gradients: 128 MiB


@dataclass
class Layout:
    """What a segment keeps for batches of one shape, in one arena."""

    blocks: list[Block]
    out: Array  # where their output goes
    sums: PartialSums
    # What the parts have prepared for all blocks, by number, forward and backward:
    prepared: dict[int, Any] = field(default_factory=lambda: defaultdict(lambda: None))
    prepared_backward: dict[int, Any] = field(default_factory=lambda: defaultdict(lambda: None))


class Segment(Part[WholeBatch]):
    """A plan of its own, for blocks, and how to cut a batch for it."""

    def __init__(self, plan: Plan, output_shape: Shape) -> None:
        self.plan, self.output_shape = plan, output_shape
        self.its_parts = block_parts(plan.steps)

    # ---- a batch -------------------------------------------------------------------------------

    def forward(self, samples: WholeBatch, *xs: Array) -> Array:
        """Every block through every step."""
        recordings = self._recordings(samples, xs[0], "forward")
        samples.notes[self.number] = recordings, xs[0].shape[1:]
        return self._through("forward", samples, xs[0], recordings)

    def infer(self, samples: WholeBatch, *xs: Array) -> Array:
        """Every block through every step, nothing kept."""
        recordings = self._recordings(samples, xs[0], "infer")
        return self._through("infer", samples, xs[0], recordings)

    def _through(
        self, direction: str, samples: WholeBatch, x: Array, recordings: Recordings
    ) -> Array:
        layout: Layout = recordings.kept
        its_x, bring = recordings.arriving(x, "x", samples.outside)
        dtype, prepared = samples.plan.dtype, layout.prepared
        for part in self.its_parts:
            prepared[part.number] = part.prepare_forward(dtype, prepared[part.number])

        def job(i: int) -> None:
            block = layout.blocks[i]
            bring(block.rows)
            recordings.work((direction, i), lambda workspace: through(block, workspace))

        def through(block: Block, workspace: Workspace) -> None:
            block.workspace, block.prepared = workspace, prepared
            (y,) = forward(self.plan, [its_x[block.rows]], block, keep=direction == "forward")
            if not _same_place(y, layout.out[block.rows]):
                workspace.do.copyto(layout.out[block.rows], y)
            block.workspace = Workspace()  # or a recording, which knows its block, knew itself

        threads.run(job, len(layout.blocks))
        return layout.out

    def backward(self, samples: WholeBatch, dy: Array, need_dx: bool) -> tuple[Array, ...]:
        """Every block back through every step."""
        recordings, input_shape = samples.notes[self.number]
        layout: Layout = recordings.kept
        its_dy, bring = recordings.arriving(dy, "dy", samples.outside)
        dtype, prepared = samples.plan.dtype, layout.prepared_backward
        for part in self.its_parts:
            prepared[part.number] = part.prepare_backward(dtype, prepared[part.number])
        dx: Array | None = None
        if need_dx:
            dx = samples.room(self, "dx", (len(dy), *input_shape), dtype)
        sums = layout.sums

        def job(partial: int) -> None:
            for block in layout.blocks[partial :: sums.count]:
                bring(block.rows)
            case = "backward", need_dx, partial
            recordings.work(case, lambda workspace: back(partial, workspace))

        def back(partial: int, workspace: Workspace) -> None:
            for number, block in enumerate(layout.blocks[partial :: sums.count]):
                block.workspace, block.prepared = workspace, prepared
                block.sums, block.partial, block.is_first = sums, partial, number == 0
                dxs = backward(self.plan, [its_dy[block.rows]], block, need_dx)
                if dx is not None:
                    workspace.do.copyto(dx[block.rows], dxs[0])
                block.workspace = Workspace()

        threads.run(job, sums.count)
        for block in layout.blocks:
            block.caches.clear()
        for path, partial_sums in sums.by_path.items():
            samples.add_gradient(path, np.add.reduce(partial_sums, axis=0))
        return () if dx is None else (dx,)

    # ---- what it is made of --------------------------------------------------------------------

    def inner(self) -> Iterator[Part[Any]]:
        """The parts of its steps."""
        return iter(self.its_parts)

    def size(self) -> int:
        return sum(part.size() for part in self.its_parts)

    # ---- how it is cut -------------------------------------------------------------------------

    def _recordings(self, samples: WholeBatch, x: Array, direction: str) -> Recordings:
        """Those of batches like this one, with their layout."""
        recordings = recordings_for(samples.arena, self, (direction, x.shape, x.dtype))
        if recordings.kept is None:
            recordings.kept = self._layout(samples, x)
        for block in recordings.kept.blocks:
            block.training = samples.training
        return recordings

    def _layout(self, samples: WholeBatch, x: Array) -> Layout:
        out = samples.room(self, "y", (len(x), *self.output_shape), samples.plan.dtype)
        count = block_count(len(x), self.plan, samples.plan.dtype.itemsize)
        blocks = []
        for i, cut in enumerate(pairwise(len(x) * i // count for i in range(count + 1))):
            block = Block(slice(*cut), samples.arena.buffers((self.number, i)))
            block.target = self._target(out[block.rows])
            blocks.append(block)
        sums = min(len(blocks), self._most_sums(samples.plan.dtype))
        memory = samples.arena.buffers((self.number, "partial sums"))
        return Layout(blocks, out, PartialSums(memory, sums))

    def _target(self, y: Array) -> tuple[int, Array]:
        """The part that writes a block's output, and where: in front of a Flatten, as maps."""
        number = self.plan.outputs[0]
        while isinstance(part := self._maker(number), FlattenPart):
            before = self.plan.steps[number - self.plan.inputs].reads[0]
            if before < self.plan.inputs:
                break
            y, number = y.reshape(len(y), *part.shape), before
        return part.number, y

    def _maker(self, number: int) -> Part[Any]:
        return self.plan.steps[number - self.plan.inputs].part

    def _most_sums(self, dtype: DType) -> int:
        size = self.size() * dtype.itemsize
        return max(1, min(MOST_SUMS, MOST_SUM_MEMORY // max(size, 1)))


def _same_place(a: Array, b: Array) -> bool:
    """Whether a part has written its result where it belongs."""
    return a.shape == b.shape and a.strides == b.strides and address(a) == address(b)
