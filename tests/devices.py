"""The CuPy backend in tests: on the stand-in everywhere, on a GPU where there is one.

A test that takes the fixture ``cupy_ops`` runs twice: as "stand-in", in every ``make test``, and as
"gpu", which is marked ``gpu`` and runs in ``make test-gpu``.
"""

import sys
from contextlib import contextmanager

import numpy as np
import pytest

import minicnn as mc
from minicnn.backends import graph, registry
from tests import cupy_standin
from tests.cupy_standin.cublas import Library
from tests.cupy_standin.raw import COMPILER
from tests.left_out import needs

needs_compiler = needs(COMPILER, "of the CUDA kernels", "no C++ compiler: apt install g++")
STAND_IN = pytest.param("stand-in", marks=needs_compiler)
GPU = pytest.param("gpu", marks=pytest.mark.gpu)


@contextmanager
def cupy_called(which):
    """The operations of the stand-in, or of the real CuPy; new arrays are made there."""
    with pytest.MonkeyPatch.context() as patch:
        if which == "stand-in":
            patch.setitem(sys.modules, "cupy", cupy_standin)
            patch.setattr(graph, "loaded_library", lambda cupy: Library())
        patch.setattr(registry, "_loaded", {"numpy": registry.named("numpy")})
        try:
            backend = mc.use_backend("cupy")
        except mc.BackendError as error:  # once is enough, not for every test
            pytest.exit(str(error), returncode=1)
        with backend as ops:
            yield ops


class FromNumpy:
    """The operations of a device for tests that know NumPy arrays only.

    Arrays go up, results come down. An array that is not in C order arrives there as a view
    with gaps, and nothing that went up may have changed when the operation is done.
    """

    def __init__(self, ops):
        self.ops = ops

    def __getattr__(self, name):
        if not hasattr(self.ops, name):
            raise AttributeError(name)

        def operation(*args, **kwargs):
            up = [self._up(a) for a in args]
            here = self.ops.xp.ndarray
            before = [a.copy() if isinstance(a, here) else None for a in up]
            result = getattr(self.ops, name)(*up, **kwargs)
            for there, copy in zip(up, before, strict=True):
                if copy is not None and result is not there:
                    np.testing.assert_array_equal(there.get(), copy.get())
            back = {id(there): a for there, a in zip(up, args, strict=True)}
            return self._down(result, back)

        return operation

    def _up(self, a):
        if not isinstance(a, np.ndarray):
            return a
        xp = self.ops.xp
        if a.flags.c_contiguous or a.ndim == 0:
            return xp.asarray(a)
        wide = xp.zeros((*a.shape[:-1], 2 * a.shape[-1]), a.dtype)
        wide[..., ::2] = xp.asarray(np.ascontiguousarray(a))
        return wide[..., ::2]

    def _down(self, result, back):
        if isinstance(result, tuple):
            return tuple(self._down(part, back) for part in result)
        if id(result) in back:
            return back[id(result)]
        return result.get() if isinstance(result, self.ops.xp.ndarray) else result
