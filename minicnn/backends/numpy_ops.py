"""The operations on NumPy arrays: ``Ops``, and what NumPy can do faster."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from minicnn.backends import numpy_rules
from minicnn.backends.ops import Ops
from minicnn.backends.window import Window
from minicnn.errors import BackendError
from minicnn.typing import Array


class NumpyOps(Ops):
    """Everything on the CPU."""

    name: ClassVar[str] = "numpy"
    xp: Any = np

    def asarray(self, a: Any, dtype: Any = None) -> Array:
        """As :meth:`Ops.asarray`; an array on a GPU is fetched by whoever owns it, not here."""
        if hasattr(a, "__cuda_array_interface__"):
            raise BackendError(
                "expected numbers in the computer's memory, got an array on a GPU; fetch it with "
                'x.get(), or build the network there: with mc.use_backend("cupy")'
            )
        return np.asarray(a, dtype=dtype)

    def im2col(self, x: Array, window: Window) -> Array:
        """As :meth:`Ops.im2col`, in one copy: a view that shows every window, made contiguous."""
        view = windows_view(self.pad(x, window), window)
        return view.reshape(*view.shape[:3], -1)

    def in_one_pass(self, rule: str, arrays: tuple[Array, ...], numbers: tuple[Any, ...]) -> bool:
        """As :meth:`Ops.in_one_pass`, for pieces that fit a core's cache."""
        return numpy_rules.move(rule, arrays, numbers)


def windows_view(padded: Array, window: Window) -> Array:
    """Every window of a padded map, without copying: (N, OH, OW, KH, KW, C)."""
    N, _, _, C = padded.shape
    n, h, w, c = padded.strides
    (sh, sw), (dh, dw) = window.strides, window.dilation
    return np.lib.stride_tricks.as_strided(
        padded,
        (N, *window.out, *window.kernel, C),
        (n, h * sh, w * sw, h * dh, w * dw, c),
        writeable=False,
    )
