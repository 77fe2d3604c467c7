"""Which backend an array belongs to, and what is said when CuPy cannot be had."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

import minicnn as mc
from minicnn.backends import current_ops, ops_for, registry, to_numpy
from minicnn.backends.gpu import load_cupy
from tests import cupy_standin


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch):
    monkeypatch.setattr(registry, "_loaded", {"numpy": registry.named("numpy")})
    monkeypatch.setattr(registry, "_own", {})


def test_use_backend_as_a_block_is_put_back():
    assert current_ops().name == "numpy"
    with mc.use_backend("numpy") as ops:
        assert ops is current_ops()
    assert current_ops().name == "numpy"


def test_a_backend_that_does_not_exist():
    with pytest.raises(mc.BackendError, match='"numpy" or "cupy", got \'tpu\''):
        mc.use_backend("tpu")


def test_what_is_no_array_is_told_so():
    with pytest.raises(mc.DtypeError, match=r"a NumPy or a CuPy array, got builtins\.list"):
        ops_for([1, 2])


def test_lists_and_arrays_become_numpys():
    assert to_numpy([1, 2]).tolist() == [1, 2]


# ---- no CuPy, an old one, no driver, no device, a device that fails ----------------------------


def cupy_that(version="14.0.0", devices=1, zeros=lambda n: n, dot=lambda a, b: a):
    def count():
        if isinstance(devices, Exception):
            raise devices
        return devices

    runtime = SimpleNamespace(
        CUDARuntimeError=cupy_standin.cuda.CUDARuntimeError, getDeviceCount=count
    )
    return SimpleNamespace(
        __version__=version, zeros=zeros, ones=lambda shape, dtype: shape, dot=dot,
        cuda=SimpleNamespace(runtime=runtime), ndarray=tuple,
    )  # fmt: skip


def error(text):
    return cupy_standin.cuda.CUDARuntimeError(text)


def raises(problem):
    def call(*arguments):
        raise problem

    return call


CASES = {
    "none installed": (None, r"cannot be imported .*pip install 'minicnn-textbook\[cuda12x\]'"),
    "too old": (cupy_that("12.3.0"), "CuPy 13 or newer, got 12.3.0"),
    "no driver": (
        cupy_that(
            devices=error("cudaErrorInsufficientDriver: CUDA driver version is insufficient")
        ),
        "expected NVIDIA's driver",
    ),
    "no device": (
        cupy_that(devices=error("cudaErrorNoDevice: no CUDA-capable device")),
        "sees none",
    ),
    "none visible": (cupy_that(devices=0), "CUDA_VISIBLE_DEVICES"),
    "broken": (
        cupy_that(zeros=raises(error("cudaErrorECCUncorrectable: uncorrectable ECC error"))),
        "expected a GPU that answers, got cudaErrorECC",
    ),
    "full": (cupy_that(zeros=raises(MemoryError("Out of memory"))), "expected room"),
    "no cuBLAS": (
        cupy_that(dot=raises(ImportError('Failure finding "libcublasLt.so.12": No such file\n'))),
        r"CUDA's libraries .*pip install 'minicnn-textbook\[cuda12x\]'.*libcublasLt",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_one_clear_line_when_there_is_no_gpu(case, monkeypatch):
    module, message = CASES[case]
    monkeypatch.setitem(sys.modules, "cupy", module)  # None: as if it were not installed
    with pytest.raises(mc.BackendError, match=message) as caught:
        mc.use_backend("cupy")
    assert "\n" not in str(caught.value)
    assert 'use_backend("numpy")' in str(caught.value) or case == "too old"
    assert current_ops().name == "numpy", "nothing has changed"


def test_a_cupy_that_cannot_be_imported_says_why(monkeypatch):
    """CuPy's own message has many lines and begins with a rule; the reason is its cause."""

    def cupys_way(name):
        try:
            raise ImportError("libcuda.so.1: cannot open shared object file")
        except ImportError as error:
            raise ImportError(f"\n{'=' * 64}\nFailed to import CuPy.\n\n{error}") from error

    monkeypatch.setattr("minicnn.backends.gpu.import_module", cupys_way)
    with pytest.raises(mc.BackendError, match=r"cannot be imported \(libcuda\.so\.1: ") as caught:
        load_cupy()
    assert "\n" not in str(caught.value)


def test_arrays_of_two_places_and_of_two_devices(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", cupy_standin)
    here, there = np.ones(2), cupy_standin.asarray(np.ones(2))
    assert ops_for(there, there).name == "cupy"
    with pytest.raises(mc.BackendError, match=r"some in GPU 0 \(CuPy\) and some in the computer's"):
        ops_for(there, here)
    with pytest.raises(mc.BackendError, match="w: expected arrays that live in one place"):
        ops_for(here, there, where="w")
    monkeypatch.setattr(
        cupy_standin.ndarray, "device", property(lambda a: SimpleNamespace(id=int(a is not there)))
    )
    with pytest.raises(mc.BackendError, match=r"some in GPU 0 .* some in GPU 1"):
        ops_for(there, cupy_standin.asarray(np.ones(2)))


def test_an_array_on_a_gpu_does_not_become_numpys_by_accident(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", cupy_standin)
    there = cupy_standin.asarray(np.ones(2))
    with pytest.raises(mc.BackendError, match=r"got an array on a GPU; fetch it with x\.get\(\)"):
        current_ops().asarray(there)
    assert isinstance(to_numpy(there), np.ndarray)
