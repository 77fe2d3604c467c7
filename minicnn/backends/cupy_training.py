"""What a training step does on a GPU beside the layers: losses, updates, figures.

Nothing here waits for the GPU. ``figures`` is an array on the device (its places are those of
``cuda/figures.cu``) while an epoch's steps are added up there; the kernels that move parameters
look into it, and leave everything as it was after a step that went wrong.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from minicnn.backends.device_ops import DeviceOps
from minicnn.backends.graph import CaptureError
from minicnn.backends.kernels import Kernels
from minicnn.backends.uploads import Ring, address
from minicnn.typing import Array, Pair

if TYPE_CHECKING:
    from minicnn.backends.graph import Words

ROW_THREADS = 128  # as in cuda/common.cuh
MOST, CHUNK = 32, 4096  # as in cuda/optimizers.cu
TABLE = np.dtype([
    ("arrays", "<u8", (MOST, 5)), ("sizes", "<i8", MOST), ("ends", "<i8", MOST),
    ("numbers", "<f8", 6), ("live", "<u8"), ("figures", "<u8"), ("count", "<i8"),
])  # fmt: skip


class Step(threading.local):
    """Of the step under way; of each thread, for two of them may train two networks at once."""

    figures: Array | None = None
    words: Words | None = None


class TrainingOps(DeviceOps):
    """The part of :class:`CupyOps` that only training uses."""

    kernels: Kernels

    def __init__(self) -> None:
        self.step = Step()

    @property
    def figures(self) -> Array | None:
        """Where the step under way is counted, if it is."""
        return self.step.figures

    @property
    def words(self) -> Words | None:
        """While a graph is captured: what will change from step to step."""
        return self.step.words

    @contextmanager
    def counting_into(self, figures: Array) -> Iterator[None]:
        before, self.step.figures = self.step.figures, figures
        try:
            yield
        finally:
            self.step.figures = before

    # ---- streams -----------------------------------------------------------------------------

    def ring(self) -> Ring:
        return Ring(self.xp)

    def stream(self) -> Any:
        return self.xp.cuda.get_current_stream()

    def free_memory(self) -> int:
        """As :meth:`DeviceOps.free_memory`: the device's, and what CuPy holds and does not use."""
        pool = self.xp.get_default_memory_pool()
        return int(self.xp.cuda.runtime.memGetInfo()[0] + pool.free_bytes())

    # ---- losses ------------------------------------------------------------------------------

    def crossentropy(
        self, activation: str, z: Array, y: Array, share: Array
    ) -> tuple[Any, Array, Array] | None:
        """As :meth:`Ops.crossentropy`, in one launch; in two for large maps."""
        K, empty = z.shape[-1], self.xp.empty
        p, slope = empty(z.shape, z.dtype), empty(z.shape, z.dtype)
        items = z.size if activation == "sigmoid" else z.size // K
        seats = 32 * ROW_THREADS if activation == "sigmoid" else 1  # that a block should have
        blocks = max(1, min(-(-items // seats), 1024))
        losses = empty(blocks, z.dtype)
        arrays = (*map(self._c, (z, y, share)), p, slope, losses)
        launch, types = self.kernels.launch, (z.dtype,)
        kernel = f"{activation}_crossentropy"
        launch(kernel, (blocks,), (ROW_THREADS,), arrays, (items, K), (), types)
        if blocks == 1:
            return losses.reshape(()), slope, p
        value = empty((), z.dtype)
        launch("total", (1,), (ROW_THREADS,), (losses, value), (blocks,), (), types)
        return value, slope, p

    # ---- moving parameters -------------------------------------------------------------------

    def in_one_pass(self, rule: str, arrays: tuple[Array, ...], numbers: tuple[Any, ...]) -> bool:
        """As :meth:`Ops.in_one_pass`: every rule of ``cuda/optimizers.cu``."""
        return self.all_in_one_pass(rule, [arrays], numbers)

    def all_in_one_pass(
        self, rule: str, rows: Sequence[tuple[Array, ...]], numbers: tuple[Any, ...]
    ) -> bool:
        """As :meth:`Ops.all_in_one_pass`: one launch for every 32 parameters."""
        dtypes = {a.dtype for row in rows for a in row}
        if len(dtypes) != 1 or not all(a.flags.c_contiguous for row in rows for a in row):
            if self.words is not None:  # the rule's own lines would be captured with its numbers
                raise CaptureError("not all parameters can be moved in one pass")
            return False
        rows = [row for row in rows if row[0].size]
        for first in range(0, len(rows), MOST):
            self._move(rule, rows[first : first + MOST], tuple(map(float, numbers)), *dtypes)
        return True

    def _move(self, rule: str, rows: Any, numbers: tuple[float, ...], dtype: Any) -> None:
        table, sizes = np.zeros(1, TABLE), [row[0].size for row in rows]
        ends = np.cumsum([-(-size // CHUNK) for size in sizes])
        for row, arrays in enumerate(rows):
            table["arrays"][0, row, : len(arrays)] = [address(a) for a in arrays]
        table["sizes"][0, : len(rows)], table["ends"][0, : len(rows)] = sizes, ends
        table["numbers"][0, : len(numbers)], table["count"] = numbers, len(rows)
        if self.figures is not None:
            table["figures"] = address(self.figures)
        if self.words is not None:
            table["live"] = self.words.of_rule(numbers)
        chunks = int(ends[-1])
        # The sizes are counted too, so that 64 bits are used where a parameter asks for them.
        self.kernels.launch(
            rule, (min(chunks, 1 << 16),), (256,), (), (chunks,), (table,), (dtype,), max(sizes)
        )

    def move_towards(self, old: Array, seen: Array, share: float) -> Array:
        """As :meth:`Ops.move_towards`; not after a step that went wrong."""
        if old.dtype != seen.dtype:
            return super().move_towards(old, seen, share)
        # In a step that is counted it stays in its place, which a graph remembers.
        stays = self.figures is not None and old.flags.c_contiguous
        moved = old if stays else self.xp.empty(old.shape, old.dtype)
        arrays, types = (self._c(old), self._c(seen), moved, self.figures), (old.dtype,)
        self.kernels.over(old.size, "move_towards", arrays, (), (float(share),), types)
        return moved

    # ---- figures -----------------------------------------------------------------------------

    def look_finite(self, x: Array) -> None:
        arrays = (self._c(x), self.figures)
        self.kernels.over(x.size, "look_finite", arrays, types=(x.dtype,))

    def tally(self, loss: Array, samples: int) -> None:
        arrays, types = (loss, self.figures), (loss.dtype,)
        self.kernels.launch("tally", (1,), (1,), arrays, (samples,), (), types)

    def count_answers(self, said: Array, classes: Array, table: int, threshold: float) -> None:
        K = said.size // classes.size
        arrays, counts = (self._c(said), classes, self.figures), (K, table)
        self.kernels.over(
            classes.size, "count_answers", arrays, counts, (float(threshold),), (said.dtype,)
        )

    def gather(self, x: Array, order: Array, dtype: Any) -> Array:
        """As :meth:`DeviceOps.gather`: bytes are scaled on the way."""
        if x.dtype != np.uint8:
            return x[order]
        y = self.xp.empty((len(order), *x.shape[1:]), dtype)
        width, scale = int(np.prod(x.shape[1:])), (np.dtype(dtype).type(1 / 255).item(),)
        arrays, along = (x, order, y), self.kernels.along
        along(len(order), "gather_bytes", arrays, (width,), (dtype,), numbers=scale)
        return y

    def vary(
        self, x: Array, order: Array, matrices: Array, factors: Array, lights: tuple[bool, ...],
        beyond: tuple[int, int], size: Pair,
    ) -> Array:  # fmt: skip
        """As :meth:`DeviceOps.vary`, within a level: sums are taken in another order."""
        N, (_, H, W, C), (OH, OW) = len(order), x.shape, size
        y = self.xp.empty((N, OH, OW, C), np.uint8)
        along, arrays = self.kernels.along, (x, order, matrices, y)
        along(N * OH, "warp_pictures", arrays, (H, W, C, OH, OW, *beyond))
        for k, contrast in enumerate(lights):
            counts = (OH * OW, k, len(lights), int(contrast))
            along(N, "relight", (y, factors), counts, (), (ROW_THREADS,))
        return y

    def _c(self, a: Array) -> Array:
        """``a`` in C order: itself, if it is."""
        return self.xp.ascontiguousarray(a)
