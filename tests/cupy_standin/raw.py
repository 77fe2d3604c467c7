"""Raw kernels: CUDA's text compiled as C++, and run on the CPU."""

import ctypes
import hashlib
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from tests.cupy_standin.device_array import ADDRESSES, check_guards, ndarray
from tests.cupy_standin.machine import counts, submit

SHIM = Path(__file__).parent / "shim.h"
COMPILER = shutil.which("g++") or shutil.which("clang++")
FLAGS = ("-O1", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas",
         "-Wno-unused-function", "-Wno-attributes", "-ffp-contract=off")  # fmt: skip
PLAIN = 'extern "C" __global__ void '  # a kernel that is found by the name it has in the text


class RawModule:
    """CUDA text and the kernels in it, compiled when the first is asked for."""

    def __init__(self, *, code, options=(), name_expressions=None):
        assert isinstance(code, str)
        assert isinstance(options, tuple), "CuPy takes a tuple"
        self.code, self.options = code.replace(PLAIN, "__global__ void "), options
        self.names = (*(name_expressions or ()), *re.findall(rf"{PLAIN}(\w+)", code))

    def get_function(self, name):
        """A kernel by the name that was asked for when the module was made, or a C function's."""
        if name not in self.names:
            raise ValueError(f"{name} is no C function, nor among the module's name_expressions")
        return RawKernel(library(self.code, self.options, self.names), name)


class RawKernel:
    """A kernel; every second launch runs its threads in reverse."""

    reverse = False

    def __init__(self, compiled, name):
        self.library, self.name = compiled, name
        self.takes = compiled.takes(name.encode()).decode().split()

    def __call__(self, grid, block, args):
        """Launch it, once everything about the launch has been looked at."""
        assert all(isinstance(n, int) and n > 0 for n in (*grid, *block)), (grid, block)
        grid, block = (*grid, 1, 1)[:3], (*block, 1, 1)[:3]
        assert np.prod(block) <= 1024, f"{self.name}: no GPU has blocks of {block}"
        assert grid[0] < 2**31, f"{self.name}: a grid of {grid} is too large"
        assert max(grid[1:]) < 2**16, f"{self.name}: a grid of {grid} is too large"
        assert len(args) == len(self.takes), f"{self.name}: takes {self.takes}, got {len(args)}"
        kept = [self._argument(*pair) for pair in zip(args, self.takes, strict=True)]
        counts.launches += 1
        arrays = [arg for arg in args if isinstance(arg, ndarray)]
        blocks = [a._block for a in arrays] + [b for arg in args for b in pointed_at(arg)]
        memory = [(a._a, a._memory) for a in arrays]  # the numbers, but not the right to them
        inside = [block.memory for block in blocks]

        def run():
            pointers = (ctypes.c_void_p * len(kept))(*(k.ctypes.data for k in kept))
            RawKernel.reverse = not RawKernel.reverse
            problem = self.library.launch(
                self.name.encode(),
                (ctypes.c_uint * 3)(*grid),
                (ctypes.c_uint * 3)(*block),
                pointers,
                RawKernel.reverse,
            )
            if problem:
                raise AssertionError(f"{self.name}: {problem.decode()}")
            for array, around in memory:
                check_guards(self.name, array.shape, around)
            assert inside is not None  # and what structs point at lives until now

        submit(run, blocks)

    def _argument(self, arg, code):
        """The argument in a box whose address the kernel gets."""
        if isinstance(arg, ndarray):
            assert code == "*" + kind(arg), f"{self.name}: got *{kind(arg)} where it takes {code}"
            assert arg.flags.c_contiguous, f"{self.name}: got an array that is not in C order"
            return np.array([arg._a.ctypes.data], np.uintp)
        assert arg is not None, f"{self.name}: not every CuPy takes None"
        if code.startswith("*") and isinstance(arg, np.uint64):
            assert arg == 0, f"{self.name}: got a number where it takes {code}"
            return np.zeros(1, np.uintp)
        if isinstance(arg, np.ndarray):  # a struct, by value
            assert arg.size == 1, f"{self.name}: got {arg.shape} numbers of the CPU's"
            assert code == f"s{arg.itemsize}", f"{self.name}: got {arg.dtype} for {code}"
            return arg.copy()
        if isinstance(arg, int | float) and not isinstance(arg, np.generic):
            arg = np.int64(arg) if isinstance(arg, int) else np.float64(arg)  # as CuPy does
        assert isinstance(arg, np.generic), f"{self.name}: got {type(arg)} where it takes {code}"
        assert code == kind(arg), f"{self.name}: got {kind(arg)} where it takes {code}"
        return np.array([arg])


def pointed_at(arg):
    """The pieces of the device's memory that a struct points at."""
    if not isinstance(arg, np.ndarray | np.uint64):
        return []
    words = np.frombuffer(arg.tobytes(), np.uint64).tolist()
    return [ADDRESSES[word] for word in words if word and word in ADDRESSES]


def kind(a):
    """The type of an array's numbers, in the words of shim.h."""
    return a.dtype.str[1:]


@cache
def library(code, options, names):
    """The compiled text, from the folder where it was kept if it has been compiled before."""
    table = ", ".join(f'{{"{name}", kernel({name})}}' for name in names)
    text = (
        f"{SHIM.read_text('utf-8')}\n{code}\n"
        f"std::map<std::string, shim::Kernel> shim::kernels() {{ return {{ {table} }}; }}\n"
    )
    standard = [option.lstrip("-") for option in options if "std" in option]
    command = [COMPILER, *FLAGS, *(f"-{s}" for s in standard), "-x", "c++", "-"]
    key = hashlib.sha256("\0".join([text, *command]).encode()).hexdigest()[:32]
    file = Path(tempfile.gettempdir()) / f"minicnn-kernels-{key}.so"
    if not file.exists():
        half_done = Path(tempfile.mkdtemp()) / file.name
        run = subprocess.run(
            [*command, "-o", str(half_done)], input=text, text=True, capture_output=True
        )
        assert run.returncode == 0, f"the kernels don't compile:\n{run.stderr[:4000]}"
        half_done.replace(file)
        half_done.parent.rmdir()
    loaded = ctypes.CDLL(str(file))
    loaded.takes.restype = loaded.launch.restype = ctypes.c_char_p
    loaded.takes.argtypes = [ctypes.c_char_p]
    return loaded
