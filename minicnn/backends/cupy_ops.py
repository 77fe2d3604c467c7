"""The operations on CuPy arrays: ``Ops``, and what hand-written kernels do faster.

Products of matrices are cuBLAS's, through CuPy; they run in full float32 unless the environment
says ``CUPY_TF32=1`` (see docs/gpu.md). Everything that slides, draws, or passes several times
over memory is a kernel of ``cuda/*.cu``. Kernels read arrays in C order: another layout is copied.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from minicnn.backends.cupy_training import TrainingOps
from minicnn.backends.kernels import THREADS, Kernels, places
from minicnn.backends.ops import threshold
from minicnn.backends.window import Window
from minicnn.typing import Array, Pair, Shape

LARGE = 1 << 26  # bytes that go up without a stop in pinned memory
MANY = 16  # products in a row: for more, launching them one by one takes longer than copying


class CupyOps(TrainingOps):
    """Everything on a GPU."""

    name: ClassVar[str] = "cupy"

    def __init__(self, cupy: Any) -> None:
        super().__init__()
        self.xp = cupy
        self.kernels = Kernels(cupy)

    # ---- arrays in and out -------------------------------------------------------------

    def asarray(self, a: Any, dtype: Any = None) -> Array:
        """As :meth:`Ops.asarray`.

        CuPy copies what goes up to pinned memory first, which it rounds up to a power of two and
        keeps. Of a whole data set, that can be more than the computer has.
        """
        large = isinstance(a, np.ndarray) and a.nbytes > LARGE and a.dtype.isnative
        if not large or a.dtype.kind not in "biuf" or dtype not in (None, a.dtype):
            return super().asarray(a, dtype)
        there = self.xp.empty(a.shape, a.dtype)
        there.set(np.ascontiguousarray(a))
        self.stream().synchronize()  # where a GPU reads a computer's memory by itself, it may lag
        return there

    def to_numpy(self, a: Array) -> Array:
        """As :meth:`Ops.to_numpy`: this waits until the GPU has computed ``a``."""
        return self.xp.asnumpy(a)

    def floats(self, x: Array, dtype: Any = np.float32) -> Array:
        """As :meth:`Ops.floats`; pictures are scaled on the device, after travelling as bytes."""
        if x.dtype != np.uint8:
            return super().floats(x, dtype)
        y = self.xp.empty(x.shape, dtype)
        self.kernels.over(x.size, "bytes_to_floats", (self._c(x), y), (), (1 / 255,), (dtype,))
        return y

    # ---- products ----------------------------------------------------------------------

    def matmul(self, a: Array, b: Array) -> Array:
        """As :meth:`Ops.matmul`, one product after another.

        CuPy's product of stacks first copies a transposed operand, for a convolution the whole
        of its columns, and knows no TF32. Its product of two matrices does neither.
        """
        if len(a) > MANY:
            return a @ b
        y = self.xp.empty((len(a), a.shape[1], b.shape[2]), a.dtype)
        for each, left, right in zip(y, a, b, strict=True):
            self._dot(left, right, each)
        return y

    def product(self, a: Array, b: Array) -> Array:
        """As :meth:`Ops.product`: one product, however many leading axes there are."""
        y = self.xp.empty((*a.shape[:-1], b.shape[1]), a.dtype)
        if y.size:
            self._dot(a.reshape(-1, a.shape[-1]), b, y.reshape(-1, b.shape[1]))
        return y

    def _dot(self, a: Array, b: Array, out: Array) -> None:
        """``out = a @ b``, by cuBLAS; CuPy does not let its own calls be captured."""
        if self.words is not None:
            self.words.blas.dot(a, b, out)
        else:
            self.xp.dot(a, b, out=out)

    # ---- sliding windows ---------------------------------------------------------------

    def im2col(self, x: Array, window: Window) -> Array:
        N, C = x.shape[0], x.shape[3]
        cols = self.xp.empty((N, *window.out, window.cells * C), x.dtype)
        rows, arrays = N * window.out[0], (self._c(x), cols)
        self._slide("im2col", rows, arrays, window, C, (x.dtype,), block=(32, 8))
        return cols

    def col2im(self, cols: Array, window: Window) -> Array:
        N, C = cols.shape[0], cols.shape[3] // window.cells
        x = self.xp.empty((N, *window.size, C), cols.dtype)
        self._slide("col2im", N * window.size[0], (self._c(cols), x), window, C, (cols.dtype,))
        return x

    def maxpool(self, x: Array, window: Window) -> tuple[Array, Array]:
        N, C = x.shape[0], x.shape[3]
        y = self.xp.empty((N, *window.out, C), x.dtype)
        code = self.xp.empty(y.shape, np.uint8 if window.cells <= 256 else np.int32)
        types = (x.dtype, code.dtype)
        self._slide("maxpool", N * window.out[0], (self._c(x), y, code), window, C, types)
        return y, code

    def maxpool_backward(self, dy: Array, code: Array, window: Window) -> Array:
        N, C = dy.shape[0], dy.shape[3]
        dx = self.xp.empty((N, *window.size, C), dy.dtype)
        arrays, types = (self._c(dy), self._c(code), dx), (dy.dtype, code.dtype)
        self._slide("maxpool_backward", N * window.size[0], arrays, window, C, types)
        return dx

    def avgpool(self, x: Array, window: Window) -> Array:
        N, C = x.shape[0], x.shape[3]
        y = self.xp.empty((N, *window.out, C), x.dtype)
        self._slide("avgpool", N * window.out[0], (self._c(x), y), window, C, (x.dtype,))
        return y

    def avgpool_backward(self, dy: Array, window: Window) -> Array:
        N, C = dy.shape[0], dy.shape[3]
        dx = self.xp.empty((N, *window.size, C), dy.dtype)
        rows, arrays = N * window.size[0], (self._c(dy), dx)
        self._slide("avgpool_backward", rows, arrays, window, C, (dy.dtype,))
        return dx

    def upsample(self, x: Array, size: Pair) -> Array:
        N, H, W, C = x.shape
        y = self.xp.empty((N, H * size[0], W * size[1], C), x.dtype)
        rows, arrays = N * H * size[0], (self._c(x), y)
        self.kernels.along(rows, "upsample", arrays, (W, C, *size), (x.dtype,))
        return y

    def upsample_backward(self, dy: Array, size: Pair) -> Array:
        N, H, W, C = dy.shape[0], dy.shape[1] // size[0], dy.shape[2] // size[1], dy.shape[3]
        dx = self.xp.empty((N, H, W, C), dy.dtype)
        counts, types = (W, C, *size), (dy.dtype,)
        self.kernels.along(N * H, "upsample_backward", (self._c(dy), dx), counts, types)
        return dx

    # ---- numbers that need care ----------------------------------------------------------

    def sigmoid(self, x: Array) -> Array:
        return self._pointwise("sigmoid", x)

    def softplus(self, x: Array) -> Array:
        return self._pointwise("softplus", x)

    def softmax(self, x: Array) -> Array:
        return self._by_rows("softmax", x)

    def log_softmax(self, x: Array) -> Array:
        return self._by_rows("log_softmax", x)

    # ---- sums over all but the channels ----------------------------------------------------

    def channel_sums(self, x: Array) -> Array:
        return self._over_channels("channel_sums", x)

    def channel_dots(self, a: Array, b: Array) -> Array:
        return self._over_channels("channel_dots", a, b)

    def moments(self, x: Array) -> tuple[Array, Array]:
        rows = x.dtype.type(x.size // x.shape[-1])
        mean = self._over_channels("channel_sums", x) / rows
        return mean, self._over_channels("channel_spreads", x, mean) / rows

    def add_bias_and(self, activation: str, y: Array, b: Array) -> bool:
        """As :meth:`Ops.add_bias_and`: every activation of ``cuda/bias.cu``."""
        kernel = f"bias_{activation}"
        if kernel not in places() or not y.flags.c_contiguous:
            return False
        self.kernels.over(y.size, kernel, (y, self._c(b)), (y.shape[-1],), types=(y.dtype,))
        return True

    def slope_and_sums(self, activation: str, dy: Array, y: Array) -> tuple[Array, Array] | None:
        """As :meth:`Ops.slope_and_sums`: every activation that ``cuda/channels.cu`` knows."""
        kernel = f"{activation}_and_sums"
        if kernel not in places() or dy.dtype != y.dtype:
            return None
        dz = self.xp.empty(dy.shape, dy.dtype)
        return dz, self._over_channels(kernel, dy, self._c(y), dz)

    def where_positive(self, dy: Array, y: Array) -> Array:
        dx = self.xp.empty(dy.shape, dy.dtype)
        arrays = (self._c(dy), self._c(y), dx)
        self.kernels.over(dy.size, "relu_backward", arrays, types=(dy.dtype,))
        return dx

    def normalize(
        self, x: Array, mean: Array, inv_std: Array, gamma: Array, beta: Array
    ) -> tuple[Array, Array]:
        x_hat, y = self.xp.empty(x.shape, x.dtype), self.xp.empty(x.shape, x.dtype)
        arrays = (*map(self._c, (x, mean, inv_std, gamma, beta)), x_hat, y)
        self.kernels.over(x.size, "normalize", arrays, (x.shape[-1],), types=(x.dtype,))
        return x_hat, y

    def normalize_backward(
        self, dy: Array, x_hat: Array, scale: Array, mean_dy: Array, mean_dot: Array
    ) -> Array:
        dx = self.xp.empty(dy.shape, dy.dtype)
        arrays = (*map(self._c, (dy, x_hat, scale, mean_dy, mean_dot)), dx)
        self.kernels.over(dy.size, "normalize_backward", arrays, (dy.shape[-1],), types=(dy.dtype,))
        return dx

    # ---- randomness -----------------------------------------------------------

    def keep_mask(self, key: tuple[int, int], sample: int, shape: Shape, rate: float) -> Array:
        """As :meth:`Ops.keep_mask`, bit for bit."""
        keep = self.xp.empty(shape, np.bool_)
        cells = int(np.prod(shape[1:], dtype=np.int64))
        threads = shape[0] * -(-cells // 8)  # each fills eight cells
        live = 0 if self.words is None else self.words.of_key(key)
        numbers = (*map(np.uint64, (*key, sample)), np.uint32(threshold(rate)), np.uint64(live))
        self.kernels.over(threads, "keep_mask", (keep,), (cells,), numbers)
        return keep

    # ---- launching ---------------------------------------------------------------------------

    def _slide(
        self,
        kernel: str,
        rows: int,
        arrays: tuple[Array, ...],
        window: Window,
        C: int,
        types: tuple[Any, ...],
        block: tuple[int, ...] = (THREADS,),
    ) -> None:
        """A kernel that takes a WINDOW (see common.cuh), row by row of the map that it makes."""
        (top, _), (left, _) = window.pads
        moves = (*window.kernel, *window.strides, *window.dilation, top, left)
        counts = (*window.size, C, *moves, *window.out)
        self.kernels.along(rows, kernel, arrays, counts, types, block)

    def _pointwise(self, kernel: str, x: Array) -> Array:
        y = self.xp.empty(x.shape, x.dtype)
        self.kernels.over(x.size, kernel, (self._c(x), y), types=(x.dtype,))
        return y

    def _by_rows(self, kernel: str, x: Array) -> Array:
        """A kernel that gives a block of 128 threads to each row of the last axis."""
        y = self.xp.empty(x.shape, x.dtype)
        rows, arrays = x.size // x.shape[-1], (self._c(x), y)
        self.kernels.along(rows, kernel, arrays, (x.shape[-1],), (x.dtype,), block=(128,))
        return y

    def _over_channels(self, kernel: str, x: Array, *others: Array) -> Array:
        """A sum over rows in two launches: of each block's share of the rows, then of those."""
        C = x.shape[-1]
        rows, width = x.size // C, -(-C // 32)
        shares = max(1, min(-(-rows // 256), 1024 // width))
        partial, total = self.xp.empty((shares, C), x.dtype), self.xp.empty(C, x.dtype)
        arrays, types = (self._c(x), *map(self._c, others)), (x.dtype,)
        span = -(-rows // shares)
        launch, block = self.kernels.launch, (32, 8)
        if shares == 1:
            launch(kernel, (width, 1), block, (*arrays, total), (rows, C, span), types=types)
            return total
        launch(kernel, (width, shares), block, (*arrays, partial), (rows, C, span), types=types)
        ends = (shares, C, shares)
        launch("channel_sums", (width, 1), block, (partial, total), ends, types=types)
        return total
