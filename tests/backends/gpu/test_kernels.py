"""The CUDA text: compiled by NVIDIA's compiler where there is one, and launched as it should be."""

import ctypes
import ctypes.util
import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import numpy as np
import pytest

import minicnn as mc
from minicnn.backends import Window, kernels
from minicnn.backends.numpy_ops import NumpyOps
from tests.cupy_standin.raw import RawModule
from tests.devices import needs_compiler
from tests.left_out import needs


def nvrtc():
    """NVIDIA's run-time compiler, if it is installed (MINICNN_NVRTC=... says where)."""
    packaged = Path(sysconfig.get_path("purelib")).glob("nvidia/*/lib/libnvrtc.so.*")
    path = (
        os.environ.get("MINICNN_NVRTC")
        or ctypes.util.find_library("nvrtc")
        or next(map(str, packaged), None)
    )
    try:
        return ctypes.CDLL(path) if path else None
    except OSError:
        return None


VARIANTS = [
    (file, parameters, types)
    for file in kernels.FILES
    for parameters in dict.fromkeys(kernels.kernels_of(file).values())
    for types in kernels.combinations(parameters)
]
INSTANCES = [
    f"{name}<{', '.join(types)}>"
    for name, (_, parameters) in kernels.places().items()
    for types in kernels.combinations(parameters)
]


def test_every_kernel_is_found_by_its_file():
    text = "".join(kernels.source(file) for file in kernels.FILES)
    assert len(re.findall("__global__", text)) == len(kernels.places())
    assert kernels.places()["col2im"] == ("columns", ("Real", "Index"))


@pytest.mark.parametrize(("file", "parameters", "types"), VARIANTS)
def test_every_kernel_is_a_plain_function_in_one_text_of_its_file(file, parameters, types):
    """CuPy keeps what it has compiled only of those, up to 14.1 at least."""
    text = kernels.plain_source(file, parameters, types)
    plain = set(re.findall(r'extern "C" __global__ void (\w+)\(', text))
    assert plain == {k for k, of in kernels.kernels_of(file).items() if of == parameters}
    assert text.startswith(f"typedef {types[0]} {parameters[0]};\n")


def test_every_kernel_ends_in_the_index_type():
    assert all(parameters[-1] == "Index" for _, parameters in kernels.places().values())


@needs(shutil.which("nvcc"), "with NVIDIA's compiler", "no nvcc: it comes with the CUDA toolkit")
@pytest.mark.parametrize("architecture", ["sm_80", "sm_90"])
def test_nvcc_compiles_every_kernel(architecture, tmp_path):
    """All files as one: naming an instance in a table makes the compiler produce it."""
    text = "".join(kernels.source(file) for file in kernels.FILES)
    table = ", ".join(f"(void*)&{name}" for name in INSTANCES)
    (tmp_path / "all.cu").write_text(f"{text}\nvoid* table[] = {{ {table} }};\n")
    options = [*kernels.OPTIONS, "-Werror", "all-warnings", f"-arch={architecture}"]
    run = subprocess.run(
        ["nvcc", *options, "-ptx", "-o", "all.ptx", "all.cu"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    entries = re.findall(r"\.entry (\w+)", (tmp_path / "all.ptx").read_text(encoding="utf-8"))
    assert len(entries) == len(INSTANCES)


@needs(nvrtc(), "with the compiler that CuPy calls", "no NVRTC: pip install nvidia-cuda-nvrtc-cu12")
@pytest.mark.parametrize(("file", "parameters", "types"), VARIANTS)
def test_nvrtc_compiles_every_kernel_under_the_name_that_cupy_asks_for(file, parameters, types):
    library, program = nvrtc(), ctypes.c_void_p()
    text = kernels.plain_source(file, parameters, types).encode()
    library.nvrtcCreateProgram(ctypes.byref(program), text, b"kernels.cu", 0, None, None)
    asked = (*kernels.OPTIONS, "-ftz=true", "--gpu-architecture=compute_90")
    options = [o.encode() for o in asked]
    failed = library.nvrtcCompileProgram(
        program, len(options), (ctypes.c_char_p * len(options))(*options)
    )
    log = ctypes.create_string_buffer(1 << 16)
    library.nvrtcGetProgramLog(program, log)
    assert not failed, log.value.decode()
    size = ctypes.c_size_t()
    library.nvrtcGetPTXSize(program, ctypes.byref(size))
    ptx = ctypes.create_string_buffer(size.value)
    library.nvrtcGetPTX(program, ptx)
    library.nvrtcDestroyProgram(ctypes.byref(program))
    entries = re.findall(r"\.entry (\w+)", ptx.value.decode())
    assert sorted(entries) == sorted(
        kernel for kernel, of in kernels.kernels_of(file).items() if of == parameters
    )


def test_index_type_depends_on_what_is_counted(cupy_ops, monkeypatch):
    """With 64-bit indices, as for arrays beyond 2³¹ cells, every kernel gives the same."""
    rng = np.random.default_rng(0)
    x = cupy_ops.asarray(rng.standard_normal((2, 6, 5, 3)))
    window = Window.fit((6, 5), (3, 2), (2, 1), padding="same")
    used = []
    real = kernels.index_for
    monkeypatch.setattr(kernels, "index_for", lambda *c: used.append(real(*c)) or used[-1])

    def everything():
        cols = cupy_ops.im2col(x, window)
        y, code = cupy_ops.maxpool(x, window)
        mean, var = cupy_ops.moments(x)
        p, v = x.copy(), abs(x)
        cupy_ops.in_one_pass("rmsprop", (p, x, v, p, p), (0.1, 0.9, 1e-7, 0.0, 0.0))
        up = cupy_ops.upsample(x, (2, 3))
        return [
            cols, cupy_ops.col2im(cols, window),
            y, code, cupy_ops.maxpool_backward(y, code, window),
            cupy_ops.avgpool(x, window), cupy_ops.avgpool_backward(y, window),
            up, cupy_ops.upsample_backward(up, (2, 3)),
            mean, var, cupy_ops.channel_dots(x, x), p, v,
            cupy_ops.softmax(x), cupy_ops.log_softmax(x),
            cupy_ops.sigmoid(x), cupy_ops.softplus(x),
            cupy_ops.keep_mask((1, 2), 3, (4, 21), 0.5),
            cupy_ops.floats(cupy_ops.asarray(np.arange(9, dtype=np.uint8))),
        ]  # fmt: skip

    narrow = everything()
    assert set(used) == {np.int32}
    monkeypatch.setattr(kernels, "LARGEST_INT", 0)
    used.clear()
    wide = everything()
    assert set(used) == {np.int64}
    for a, b in zip(narrow, wide, strict=True):
        np.testing.assert_array_equal(a.get(), b.get())


def test_a_kernel_for_whole_numbers_is_asked_for_in_vain(cupy_ops):
    with pytest.raises(mc.DtypeError, match="float32 or float64 on the GPU, got int64"):
        cupy_ops.softmax(cupy_ops.asarray(np.arange(6).reshape(2, 3)))


def test_more_numbers_than_threads(cupy_ops, monkeypatch):
    """A thread that is done takes another number."""
    monkeypatch.setattr(kernels, "MOST_BLOCKS", 2)
    x = cupy_ops.asarray(np.linspace(-9, 9, 2000))
    np.testing.assert_allclose(cupy_ops.sigmoid(x).get(), 1 / (1 + np.exp(-x.get())), rtol=1e-13)


@pytest.mark.parametrize("rows", [1, 2, 7, 8, 9, 255, 256, 257, 5000])
@pytest.mark.parametrize("channels", [1, 3, 32, 33, 70])
def test_channel_sums_of_every_height_and_width(cupy_ops, rows, channels):
    """Whole numbers, so that sums in any order are exact."""
    rng = np.random.default_rng(rows)
    a, b = (rng.integers(-9, 10, (rows, channels)).astype(np.float32) for _ in range(2))
    up = cupy_ops.asarray
    np.testing.assert_array_equal(cupy_ops.channel_sums(up(a)).get(), a.sum(axis=0))
    np.testing.assert_array_equal(cupy_ops.channel_dots(up(a), up(b)).get(), (a * b).sum(axis=0))


@pytest.mark.parametrize("K", [1, 2, 127, 128, 129, 1000])
def test_softmax_of_rows_of_every_length(cupy_ops, K):
    x = np.random.default_rng(K).standard_normal((3, K)) * 20
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(cupy_ops.softmax(cupy_ops.asarray(x)).get(), p, rtol=1e-13)
    np.testing.assert_allclose(
        np.exp(cupy_ops.log_softmax(cupy_ops.asarray(x)).get()), p, rtol=1e-11
    )


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bias_and_activation_in_one_stroke(cupy_ops, activation, dtype):
    rng = np.random.default_rng(0)
    y, b = (rng.standard_normal(shape).astype(dtype) * 9 for shape in ((5, 4, 7), (7,)))
    y[0, 0, 0] = np.nan
    layer = {"relu": mc.ReLU, "sigmoid": mc.Sigmoid, "tanh": mc.Tanh}[activation]()
    layer.build(y.shape[1:], rng)
    there = cupy_ops.asarray(y)
    assert cupy_ops.add_bias_and(activation, there, cupy_ops.asarray(b))
    loose = 1e-6 if dtype == np.float32 else 1e-13
    np.testing.assert_allclose(there.get(), layer(y + b), rtol=loose, atol=loose)


def test_what_is_not_done_in_one_stroke_is_left_alone(cupy_ops):
    y, b = cupy_ops.xp.ones((4, 3)), cupy_ops.xp.ones(3)
    assert not cupy_ops.add_bias_and("softmax", y, b)
    assert not cupy_ops.add_bias_and("relu", y[:, ::2], b[::2])
    assert not NumpyOps().add_bias_and("relu", np.ones((4, 3)), np.ones(3))
    assert (y == 1).all()


@pytest.mark.parametrize(
    "make", [lambda: mc.Conv2D(4, 2, activation="relu"), lambda: mc.Dense(5, activation="tanh")]
)
def test_layers_end_in_one_stroke(cupy_ops, make, monkeypatch):
    layer = make()
    shape = (3, 3, 2)
    layer.build(shape, np.random.default_rng(0))
    done = []
    real = type(cupy_ops).add_bias_and
    monkeypatch.setattr(
        type(cupy_ops), "add_bias_and", lambda *a: done.append(real(*a)) or done[-1]
    )
    layer(cupy_ops.xp.ones((2, *shape), np.float32))
    assert done == [True]


def test_batches_of_none(cupy_ops):
    window = Window.fit((4, 4), (2, 2), (2, 2))
    none = cupy_ops.xp.zeros((0, 4, 4, 3))
    assert cupy_ops.im2col(none, window).shape == (0, 2, 2, 12)
    assert cupy_ops.maxpool(none, window)[0].shape == (0, 2, 2, 3)
    assert cupy_ops.softmax(none).shape == none.shape
    np.testing.assert_array_equal(cupy_ops.channel_sums(none).get(), np.zeros(3))


# ---- what the stand-in would notice --------------------------------------------------------------

BROKEN = {
    "writes behind the end": (
        "x[n] = 1;",
        "wrote outside of an array",
    ),
    "forgets a barrier": (
        "__shared__ float all[64]; all[threadIdx.x] = threadIdx.x; x[threadIdx.x] ="
        " all[63 - threadIdx.x];",
        None,
    ),
    "waits for some threads only": (
        "if (threadIdx.x < 3) __syncthreads(); x[0] = 1;",
        "wait at a barrier",
    ),
}


@needs_compiler
@pytest.mark.parametrize("mistake", BROKEN)
def test_a_broken_kernel_is_noticed(mistake):
    import tests.cupy_standin as cupy

    body, message = BROKEN[mistake]
    code = (
        f"{kernels.source('pixels')}\n__global__ void broken(float* x, int n) {{ {body} (void)n; }}"
    )
    kernel = RawModule(
        code=code, options=kernels.OPTIONS, name_expressions=("broken",)
    ).get_function("broken")

    def launched():
        x = cupy.empty(64, np.float32)
        kernel((1,), (64,), (x, np.int32(64)))
        return x.get()

    if message is None:  # the other order of threads gives other numbers
        assert not np.array_equal(launched(), launched())
    else:
        with pytest.raises(AssertionError, match=message):
            launched()


@needs_compiler
@pytest.mark.parametrize(
    "arguments",
    [
        lambda x: (x, 64),  # a Python int becomes 64 bits
        lambda x: (x.astype(np.float64), np.int32(64)),
        lambda x: (x[::2], np.int32(32)),
        lambda x: (x,),
        lambda x: (np.int32(64), x),
    ],
)
def test_arguments_of_other_types_are_noticed(arguments):
    import tests.cupy_standin as cupy

    code = "__global__ void ones(float* x, int n) { if (int(threadIdx.x) < n) x[threadIdx.x] = 1; }"
    kernel = RawModule(code=code, name_expressions=("ones",)).get_function("ones")
    x = cupy.empty(64, np.float32)
    kernel((1,), (64,), (x, np.int32(64)))
    assert (x.get() == 1).all()
    with pytest.raises(AssertionError, match="ones"):
        kernel((1,), (64,), arguments(x))
