"""CuPy loaded, or one clear line about what is missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from minicnn.errors import BackendError

NEWER_THAN = 13  # the oldest major version of CuPy that is tested


def load_cupy() -> Any:
    """The ``cupy`` module, with a GPU that answers, or a BackendError that says what to do."""
    try:
        cupy = import_module("cupy")
    except ImportError as error:
        raise BackendError(
            'backend "cupy": expected CuPy, got one that cannot be imported '
            f"({_first_line(error.__cause__ or error)}); install it with pip install "
            "'minicnn-textbook[cuda12x]' or 'minicnn-textbook[cuda13x]', whichever the GPU's "
            'driver supports (nvidia-smi shows it), or use use_backend("numpy")'
        ) from error
    if int(cupy.__version__.split(".")[0]) < NEWER_THAN:
        raise BackendError(
            f'backend "cupy": expected CuPy {NEWER_THAN} or newer, got {cupy.__version__}; '
            f"upgrade it with pip"
        )
    try:
        devices = cupy.cuda.runtime.getDeviceCount()
        cupy.zeros(1)  # the first allocation shows whether the device really answers
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise BackendError(f'backend "cupy": {_reason(error)}') from error
    except MemoryError as error:
        raise BackendError(f'backend "cupy": {NO_ROOM}') from error
    if not devices:
        raise BackendError(f'backend "cupy": {NO_DEVICE}')
    try:
        square = cupy.ones((2, 2), "float32")  # compiled: asks for NVRTC and CUDA's headers
        cupy.dot(square, square)  # asks for cuBLAS
    except MemoryError as error:
        raise BackendError(f'backend "cupy": {NO_ROOM}') from error
    except Exception as error:  # CuPy loads them late, and has an exception for each
        raise BackendError(f'backend "cupy": {NO_LIBRARIES} ({_first_line(error)})') from error
    return cupy


NO_DEVICE = (
    "expected a GPU, got a driver that sees none; check that nvidia-smi lists it and that "
    'CUDA_VISIBLE_DEVICES does not hide it, or use use_backend("numpy")'
)
NO_ROOM = (
    "expected room in the GPU's memory, got none; nvidia-smi shows which programs fill it; "
    'end one, or use use_backend("numpy")'
)
NO_LIBRARIES = (
    "expected CUDA's libraries (NVRTC, cuBLAS) beside CuPy, got no answer from them; install "
    "them with pip install 'minicnn-textbook[cuda12x]' or 'minicnn-textbook[cuda13x]', whichever "
    'CuPy it is, or use use_backend("numpy")'
)
NO_DRIVER = (
    "expected NVIDIA's driver, got none, or one older than CuPy's CUDA; install or update "
    "it (nvidia-smi shows its version), or take the CuPy for an older CUDA, "
    'minicnn-textbook[cuda12x]; without a GPU, use use_backend("numpy")'
)


def _reason(error: Exception) -> str:
    text = _first_line(error)
    if "NoDevice" in text or "InvalidDevice" in text:
        return NO_DEVICE
    if "InsufficientDriver" in text or "no driver" in text.lower():
        return NO_DRIVER
    return f'expected a GPU that answers, got {text}; or use use_backend("numpy")'


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0]
