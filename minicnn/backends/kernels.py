"""The CUDA kernels: their text, compiled when first needed, and how they are launched.

Each ``cuda/*.cu`` file is one operation. A kernel there is a C++ template over ``Real`` (float or
double), ``Index`` (int, or long long for arrays beyond 2³¹ cells) and the like. NVIDIA's run-time
compiler is given one combination of types at a time, when it is first needed, as plain functions:
those CuPy keeps in ``~/.cupy/kernel_cache`` for the next process. Templates it would compile anew
in every process (up to 14.1 at least), because it asks for their names each time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from minicnn.errors import DtypeError
from minicnn.typing import Array

FOLDER = Path(__file__).parent / "cuda"
FILES = tuple(sorted(path.stem for path in FOLDER.glob("*.cu")))
OPTIONS = ("--std=c++17",)

CHOICES = {  # what each template parameter may be
    "Real": {np.dtype(np.float32): "float", np.dtype(np.float64): "double"},
    "Code": {np.dtype(np.uint8): "unsigned char", np.dtype(np.int32): "int"},
    "Index": {np.dtype(np.int32): "int", np.dtype(np.int64): "long long"},
}
KERNEL = re.compile(r"template <([^>]*)>\s*__global__ void (\w+)\(")

THREADS = 256  # of a block, where nothing asks for another number
MOST_BLOCKS = 1 << 16  # of a grid along x: what more there is, each thread takes in turn
LARGEST_INT = 2**31 - 1


def source(file: str) -> str:
    """The text of a kernel file, as the compiler gets it."""
    return (FOLDER / "common.cuh").read_text("utf-8") + (FOLDER / f"{file}.cu").read_text("utf-8")


def kernels_of(file: str) -> dict[str, tuple[str, ...]]:
    """The kernels of a file, each with its template parameters.

    >>> kernels_of("pixels")
    {'bytes_to_floats': ('Real', 'Index'), 'gather_bytes': ('Real', 'Index')}
    """
    return {name: names_in(parameters) for parameters, name in KERNEL.findall(source(file))}


def combinations(parameters: tuple[str, ...]) -> list[tuple[str, ...]]:
    """All types that the template parameters may stand for together.

    >>> combinations(("Real", "Index"))[0]
    ('float', 'int')
    """
    return list(product(*(CHOICES[p].values() for p in parameters)))


def plain_source(file: str, parameters: tuple[str, ...], types: tuple[str, ...]) -> str:
    """A file's text in which the templates over ``parameters`` are functions of these types.

    A template's head becomes ``extern "C"``, which leaves the function its name, and its
    parameters become names of types.
    """

    def head(kernel: re.Match[str]) -> str:
        if names_in(kernel[1]) != parameters:
            return kernel[0]
        return f'extern "C" __global__ void {kernel[2]}('

    pairs = zip(parameters, types, strict=True)
    aliases = "".join(f"typedef {type_} {name};\n" for name, type_ in pairs)
    return aliases + KERNEL.sub(head, source(file))


def names_in(parameters: str) -> tuple[str, ...]:
    """The names among the parameters of a template, as they stand in the text.

    >>> names_in("typename Real, typename Index")
    ('Real', 'Index')
    """
    return tuple(parameter.split()[-1] for parameter in parameters.split(","))


@cache
def places() -> dict[str, tuple[str, tuple[str, ...]]]:
    """The file and the template parameters of each kernel."""
    return {k: (file, parameters) for file in FILES for k, parameters in kernels_of(file).items()}


class Kernels:
    """The kernels, compiled for one ``cupy`` module."""

    def __init__(self, cupy: Any) -> None:
        self.cupy = cupy
        self._modules: dict[Any, Any] = {}
        self._functions: dict[Any, Any] = {}

    def over(
        self,
        items: int,
        kernel: str,
        arrays: Sequence[Array | None],
        counts: Sequence[int] = (),
        numbers: Sequence[Any] = (),
        types: Sequence[Any] = (),
    ) -> None:
        """Launch ``kernel`` with a thread for each of ``items`` numbers.

        The kernel is given the arrays, ``items`` and the ``counts`` as Index, and the numbers.
        """
        if items:
            blocks = min(-(-items // THREADS), MOST_BLOCKS)
            self.launch(kernel, (blocks,), (THREADS,), arrays, (items, *counts), numbers, types)

    def along(
        self,
        rows: int,
        kernel: str,
        arrays: Sequence[Array | None],
        counts: Sequence[int] = (),
        types: Sequence[Any] = (),
        block: tuple[int, ...] = (THREADS,),
        numbers: Sequence[Any] = (),
    ) -> None:
        """Launch ``kernel`` with a block for each of ``rows`` rows of a map.

        The kernel is given the arrays, ``rows`` and the ``counts`` as Index, and the numbers.
        """
        if rows and all(a.size for a in arrays if a is not None):
            grid = (min(rows, MOST_BLOCKS),)
            self.launch(kernel, grid, block, arrays, (rows, *counts), numbers, types)

    def launch(
        self,
        kernel: str,
        grid: tuple[int, ...],
        block: tuple[int, ...],
        arrays: Sequence[Array | None],
        counts: Sequence[int],
        numbers: Sequence[Any] = (),
        types: Sequence[Any] = (),
        *sizes: int,
    ) -> None:
        """Launch ``kernel`` on a grid; ``types`` are the dtypes of all parameters but Index.

        An array that is None is a null pointer; ``sizes`` are of arrays that it finds by itself.
        """
        index = index_for(*(a.size for a in arrays if a is not None), *counts, *sizes)
        function = self._function(kernel, (*types, index))
        counted = (index(count) for count in counts)
        # A Python float becomes a double, a NumPy scalar stays what it is.
        pointers = (np.uint64(0) if a is None else a for a in arrays)
        function(grid, block, (*pointers, *counted, *numbers))

    def _function(self, kernel: str, types: tuple[Any, ...]) -> Any:
        key = (kernel, types)
        if key not in self._functions:
            self._functions[key] = self._compiled(kernel, types)
        return self._functions[key]

    def _compiled(self, kernel: str, types: tuple[Any, ...]) -> Any:
        file, parameters = places()[kernel]
        names = []
        for parameter, dtype in zip(parameters, types, strict=True):
            choices = CHOICES[parameter]
            if np.dtype(dtype) not in choices:
                raise DtypeError(
                    f"{kernel}: expected {' or '.join(str(c) for c in choices)} on the GPU, got "
                    f"{np.dtype(dtype)}; convert with x.astype('float32')"
                )
            names.append(choices[np.dtype(dtype)])
        place = (file, parameters, tuple(names))
        if place not in self._modules:
            self._modules[place] = self.cupy.RawModule(code=plain_source(*place), options=OPTIONS)
        return self._modules[place].get_function(kernel)


def index_for(*counts: int) -> Any:
    """The integer that can count so far, and a whole grid further, where a thread's loop ends.

    >>> index_for(1000), index_for(1000, 2**31)
    (<class 'numpy.int32'>, <class 'numpy.int64'>)
    """
    return np.int32 if max(counts) <= LARGEST_INT - MOST_BLOCKS * THREADS else np.int64
