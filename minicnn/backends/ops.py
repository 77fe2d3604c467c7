"""Array operations that the mathematics needs, written once for every backend.

``Ops`` is complete: it is written against ``self.xp``, an array module (numpy, or cupy), and
a backend overrides only what it can do faster. ``reference/`` is the judge of both: every
operation agrees with its loops in value, dtype and shape, and leaves its inputs alone.

Maps are NHWC: (batch N, height H, width W, channels C).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from minicnn.backends.kernel_products import KernelProducts
from minicnn.backends.normal import normal_cdf, normal_density
from minicnn.backends.window import Window
from minicnn.typing import Array, Pair, Shape


class Ops(KernelProducts):
    """The operations, array-module-neutral; ``xp`` is the array module."""

    name: ClassVar[str]
    xp: Any

    # ---- arrays in and out -------------------------------------------------------------

    def asarray(self, a: Any, dtype: Any = None) -> Array:
        """``a`` as an array of this backend."""
        return self.xp.asarray(a, dtype=dtype)

    def to_numpy(self, a: Array) -> Array:
        """``a`` as a NumPy array, fetched from the device if it lives on one."""
        return np.asarray(a)

    def floats(self, x: Array, dtype: Any = np.float32) -> Array:
        """``x`` as floats of ``dtype``. The one place where pictures are scaled: uint8 0..255
        becomes 0..1. Every other kind of number keeps its value.
        """
        if x.dtype == np.uint8:
            return x * self.xp.asarray(1 / 255, dtype)
        return x.astype(dtype, copy=False)

    # ---- products ----------------------------------------------------------------------

    def matmul(self, a: Array, b: Array) -> Array:
        """``a @ b`` for stacks of matrices: (G, M, K) and (G, K, F) give (G, M, F)."""
        return a @ b

    def product(self, a: Array, b: Array) -> Array:
        """``a @ b`` over the last axis of ``a``: (..., K) and (K, F) give (..., F)."""
        return a @ b

    # ---- sliding windows ---------------------------------------------------------------

    def pad(self, x: Array, window: Window, value: float = 0.0) -> Array:
        """``x`` with the window's border of ``value`` around it (``x`` itself if there is none)."""
        if not window.is_padded:
            return x
        N, H, W, C = x.shape
        (top, _), (left, _) = window.pads
        padded = self.xp.full((N, *window.padded, C), value, x.dtype)
        padded[:, top : top + H, left : left + W] = x
        return padded

    def unpad(self, padded: Array, window: Window) -> Array:
        """The inside of a padded map: the adjoint of padding with zeros."""
        (top, _), (left, _) = window.pads
        H, W = window.size
        return padded[:, top : top + H, left : left + W]

    def im2col(self, x: Array, window: Window) -> Array:
        """Every window of ``x`` laid out as a row: (N, OH, OW, KH·KW·C).

        A row holds the window's cells in reading order, all channels of a cell together, so
        a convolution becomes one matrix product with the kernel seen as (KH·KW·C, F).
        """
        padded = self.pad(x, window)
        N, C = x.shape[0], x.shape[3]
        cols = self.xp.empty((N, *window.out, window.cells, C), x.dtype)
        for k in range(window.cells):
            rows, columns = window.cell(k)
            cols[:, :, :, k] = padded[:, rows, columns]
        return cols.reshape(N, *window.out, window.cells * C)

    def col2im(self, cols: Array, window: Window) -> Array:
        """The adjoint of ``im2col``: every row's cells added back where they came from."""
        N, C = cols.shape[0], cols.shape[3] // window.cells
        cols = cols.reshape(N, *window.out, window.cells, C)
        padded = self.xp.zeros((N, *window.padded, C), cols.dtype)
        for k in range(window.cells):
            rows, columns = window.cell(k)
            padded[:, rows, columns] += cols[:, :, :, k]
        return self.unpad(padded, window)

    def maxpool(self, x: Array, window: Window) -> tuple[Array, Array]:
        """The largest cell of each window and its number: y and code, both (N, OH, OW, C).

        Among equals the first in reading order wins. Padding is -inf, so that it never does.
        """
        padded = self.pad(x, window, -np.inf)
        code_type = np.uint8 if window.cells <= 256 else np.int32
        y = padded[:, *window.cell(0)].copy()
        code = self.xp.zeros(y.shape, code_type)
        for k in range(1, window.cells):
            cell = padded[:, *window.cell(k)]
            code[cell > y] = k
            self.xp.maximum(y, cell, out=y)
        return y, code

    def maxpool_backward(self, dy: Array, code: Array, window: Window) -> Array:
        """Each gradient goes to the cell that won: the others made no difference."""
        padded = self.xp.zeros((dy.shape[0], *window.padded, dy.shape[3]), dy.dtype)
        for k in range(window.cells):
            padded[:, *window.cell(k)] += self.xp.where(code == k, dy, 0)
        return self.unpad(padded, window)

    def avgpool(self, x: Array, window: Window) -> Array:
        """The mean of each window's real cells (padding does not count): (N, OH, OW, C)."""
        padded = self.pad(x, window)
        y = padded[:, *window.cell(0)].copy()
        for k in range(1, window.cells):
            y += padded[:, *window.cell(k)]
        return y / self._real_cells(window, x.dtype)

    def avgpool_backward(self, dy: Array, window: Window) -> Array:
        """Each gradient is shared equally among the real cells of its window."""
        share = dy / self._real_cells(window, dy.dtype)
        padded = self.xp.zeros((dy.shape[0], *window.padded, dy.shape[3]), dy.dtype)
        for k in range(window.cells):
            padded[:, *window.cell(k)] += share
        return self.unpad(padded, window)

    def _real_cells(self, window: Window, dtype: Any) -> Array:
        """How many cells of each window lie on the map: (1, OH, OW, 1)."""
        real = self.pad(self.xp.ones((1, *window.size, 1), dtype), window)
        count = self.xp.zeros((1, *window.out, 1), dtype)
        for k in range(window.cells):
            count += real[:, *window.cell(k)]
        return count

    def upsample(self, x: Array, size: Pair) -> Array:
        """Every cell repeated ``size`` times: (N, H·SH, W·SW, C)."""
        N, H, W, C = x.shape
        shape = (N, H, size[0], W, size[1], C)
        repeated = self.xp.broadcast_to(x[:, :, None, :, None], shape)
        return repeated.reshape(N, H * size[0], W * size[1], C)

    def upsample_backward(self, dy: Array, size: Pair) -> Array:
        """A cell was copied to a block of cells: its gradient is the block's sum."""
        N, H, W, C = dy.shape
        blocks = dy.reshape(N, H // size[0], size[0], W // size[1], size[1], C)
        return blocks.sum(axis=(2, 4))

    # ---- numbers that need care ----------------------------------------------------------

    def sigmoid(self, x: Array) -> Array:
        """1 / (1 + e⁻ˣ), never overflowing: only e^-|x| is ever taken."""
        e = self.xp.exp(-self.xp.abs(x))
        return self.xp.where(x >= 0, 1, e) / (1 + e)

    def softplus(self, x: Array) -> Array:
        """log(1 + eˣ) = max(x, 0) + log1p(e^-|x|), finite for every finite x."""
        return self.xp.maximum(x, 0) + self.xp.log1p(self.xp.exp(-self.xp.abs(x)))

    def normal_cdf(self, x: Array) -> Array:
        """Φ(x), the chance that a normal draw lies below x."""
        return normal_cdf(self.xp, x)

    def normal_density(self, x: Array) -> Array:
        """φ(x), the slope of Φ."""
        return normal_density(self.xp, x)

    def softmax(self, x: Array) -> Array:
        """eˣ / Σ eˣ over the last axis, shifted by its maximum, which changes nothing."""
        e = self.xp.exp(x - x.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    def log_softmax(self, x: Array) -> Array:
        """Log of the softmax over the last axis, without ever taking the log of a tiny number."""
        shifted = x - x.max(axis=-1, keepdims=True)
        return shifted - self.xp.log(self.xp.exp(shifted).sum(axis=-1, keepdims=True))

    # ---- sums over all axes but the last ---------------------------------------------------

    def channel_sums(self, x: Array) -> Array:
        """Σ x for each channel: (..., C) to (C,)."""
        return x.sum(axis=tuple(range(x.ndim - 1)))

    def channel_dots(self, a: Array, b: Array) -> Array:
        """Σ a·b for each channel."""
        return (a * b).sum(axis=tuple(range(a.ndim - 1)))

    def moments(self, x: Array) -> tuple[Array, Array]:
        """Mean and variance of each channel."""
        axes = tuple(range(x.ndim - 1))
        return x.mean(axis=axes), x.var(axis=axes)

    def normalize(
        self, x: Array, mean: Array, inv_std: Array, gamma: Array, beta: Array
    ) -> tuple[Array, Array]:
        """x̂ = (x - mean) · inv_std and y = γ x̂ + β, each factor one number a channel."""
        x_hat = (x - mean) * inv_std
        return x_hat, gamma * x_hat + beta

    def normalize_backward(
        self, dy: Array, x_hat: Array, scale: Array, mean_dy: Array, mean_dot: Array
    ) -> Array:
        """dx, with scale = γ · inv_std and the means over the batch of dy and of dy · x̂."""
        return scale * (dy - mean_dy - x_hat * mean_dot)

    # ---- randomness ------------------------------------------------------------------------

    def keep_mask(self, key: tuple[int, int], sample: int, shape: Shape, rate: float) -> Array:
        """A boolean mask of ``shape`` that keeps each cell with probability 1 - ``rate``.

        Sample n of the batch reads the Philox stream ``key`` from counter (0, 0, 0, sample + n),
        two cells to a 64-bit word, so a block of a batch draws what the whole batch would.
        """
        return self.asarray(philox_keep_mask(key, sample, shape, rate))

    # ---- several steps in one ----------------------------------------------------------

    def where_positive(self, dy: Array, y: Array) -> Array:
        """``dy`` where y > 0, else 0."""
        return dy * (y > 0)

    def move_towards(self, old: Array, seen: Array, share: float) -> Array:
        """share · old + (1 - share) · seen, in the dtype of ``old``."""
        return (share * old + (1 - share) * seen).astype(old.dtype)

    # ---- and these for backends that can: None or False says that nothing has happened --------

    def add_bias_and(self, activation: str, y: Array, b: Array) -> bool:
        """Whether this backend has made of ``y`` the activation of y + b, in place."""
        return False

    def slope_and_sums(self, activation: str, dy: Array, y: Array) -> tuple[Array, Array] | None:
        """The way back through :meth:`add_bias_and`: dz = dy · f' at the output y, and Σ dz."""
        return None

    def crossentropy(
        self, activation: str, z: Array, y: Array, share: Array
    ) -> tuple[Any, Array, Array] | None:
        """A cross-entropy on logits z: the loss, its slope, and the probabilities.

        ``activation`` is "sigmoid" or "softmax"; ``share`` (all axes but the last) is the part of
        the mean that each place has.
        """
        return None

    def in_one_pass(self, rule: str, arrays: tuple[Array, ...], numbers: tuple[Any, ...]) -> bool:
        """Whether this backend has moved the arrays by the optimizer's ``rule`` in one stroke.

        ``arrays`` are the parameter, its gradient and the optimizer's slots. Where the answer
        is no, the rule's own lines do the work.
        """
        return False

    def all_in_one_pass(
        self, rule: str, rows: Sequence[tuple[Array, ...]], numbers: tuple[Any, ...]
    ) -> bool:
        """The same for all parameters of a network."""
        return False


def threshold(rate: float) -> int:
    """Of 32 random bits: below this number, a cell is dropped."""
    return min(round(rate * 2**32), 2**32 - 1)


def philox_keep_mask(key: tuple[int, int], sample: int, shape: Shape, rate: float) -> Array:
    """The definition of :meth:`Ops.keep_mask`, on the CPU."""
    cells = int(np.prod(shape[1:], dtype=np.int64))
    mask = np.empty((shape[0], cells), np.bool_)
    for n in range(shape[0]):
        counter = np.array([0, 0, 0, sample + n], np.uint64)
        bits = np.random.Philox(key=np.array(key, np.uint64), counter=counter)
        words = np.asarray(bits.random_raw((cells + 1) // 2), dtype="<u8")
        mask[n] = words.view("<u4")[:cells] >= threshold(rate)
    return mask.reshape(shape)
