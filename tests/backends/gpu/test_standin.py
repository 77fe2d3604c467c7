"""The stand-in behaves as CuPy does, in all that minicnn relies on: every test runs on both."""

import copy
import inspect
from contextlib import suppress

import numpy as np
import pytest

from minicnn.backends import cublas, graph
from tests import cupy_standin
from tests.cupy_standin import machine
from tests.left_out import because

NO_CUPY = because("of CuPy itself", "no CuPy: pip install cupy-cuda12x")


def test_cupy_has_everything_that_the_standin_has():
    """This one needs CuPy, but no GPU."""
    cupy = pytest.importorskip("cupy", reason=NO_CUPY)
    for name in (*cupy_standin.__all__, *(f.__name__ for f in cupy_standin.FUNCTIONS)):
        assert hasattr(cupy, name), name
    for name in vars(cupy_standin.ndarray).keys() - {"__weakref__"}:
        assert hasattr(cupy.ndarray, name), name
    for name in cupy_standin.cuda.__all__:
        assert hasattr(cupy.cuda, name), name
    for name in vars(cupy_standin.cuda.runtime):
        assert hasattr(cupy.cuda.runtime, name), name
    for kind in ("Stream", "Event", "MemoryPool"):
        for name in public(getattr(cupy_standin.cuda, kind)):
            assert hasattr(getattr(cupy.cuda, kind), name), (kind, name)
    for name in public(machine.Graph):
        assert hasattr(cupy.cuda.Graph, name), name


def public(kind):
    return [name for name in vars(kind) if not name.startswith("_")]


def test_cupy_takes_the_arguments_that_minicnn_gives():
    """Read off CuPy's own signatures and help texts; no GPU is needed."""
    cupy = pytest.importorskip("cupy", reason=NO_CUPY)

    def takes(function, *names):
        text = (function.__doc__ or "").split("\n")[0]
        with suppress(TypeError, ValueError):  # Cython's own tell it in the first line of help
            text += str(inspect.signature(function))
        for name in names:
            assert name in text, (function, name, text)

    takes(cupy.ndarray.set, "arr", "stream")
    takes(cupy.RawModule, "code", "options", "name_expressions")
    takes(cupy.cuda.Stream.begin_capture, "self", "mode")
    takes(cupy.cuda.Stream.wait_event, "event")
    takes(cupy.cuda.Stream.record, "event")
    takes(cupy.cuda.Event.record, "stream")
    takes(cupy.cuda.Graph.launch, "stream")
    takes(cupy.cuda.alloc_pinned_memory, "size")
    takes(cupy.cuda.using_allocator, "allocator")
    takes(cupy.cuda.MemoryPool.malloc, "size")
    assert "non_blocking" in cupy.cuda.Stream.__doc__
    assert "disable_timing" in cupy.cuda.Event.__doc__
    assert callable(cupy.get_default_memory_pool)


@pytest.fixture
def xp(cupy_ops):
    return cupy_ops.xp


# ---- the wall between the two memories ----------------------------------------------------------


@pytest.mark.parametrize(
    "convert",
    [np.asarray, np.array, lambda a: np.ones(3) + a, lambda a: a + np.ones(3),
     lambda a: np.add(a, np.ones(3))],
    ids=["asarray", "array", "right of +", "left of +", "add"],
)  # fmt: skip
def test_nothing_crosses_silently(xp, convert):
    with pytest.raises(TypeError):
        convert(xp.ones(3))


def test_a_host_array_is_not_written_into_a_part(xp):
    a = xp.zeros((2, 3))
    with pytest.raises((TypeError, ValueError)):
        a[0] = np.ones(3)
    with pytest.raises(TypeError):
        a += np.ones((2, 3))
    assert not a.any()


def test_the_doors(xp):
    a = np.arange(6.0).reshape(2, 3)
    there = xp.asarray(a)
    assert isinstance(there, xp.ndarray)
    assert hasattr(there, "__cuda_array_interface__")
    for back in (there.get(), xp.asnumpy(there)):
        assert isinstance(back, np.ndarray)
        np.testing.assert_array_equal(back, a)
    assert xp.asarray(there) is there
    assert xp.asarray(there, dtype=np.float32).dtype == np.float32
    a[0, 0] = 7
    assert float(there[0, 0]) == 0, "a copy went up"
    assert there.device.id == 0


def test_numbers_can_be_fetched_by_name(xp):
    total = xp.arange(4.0).sum()
    assert isinstance(total, xp.ndarray), "a sum stays there, as an array of no axes"
    assert total.shape == ()
    assert (float(total), int(total), bool(total), total.item()) == (6.0, 6, True, 6.0)
    assert f"{total:.2f}" == "6.00"
    assert xp.arange(3).tolist() == [0, 1, 2]
    with pytest.raises(TypeError):
        range(xp.arange(3).sum())
    with pytest.raises(ValueError):
        bool(xp.ones(2))


# ---- arithmetic ----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_of_python_and_numpy_leave_the_dtype_alone(xp, dtype):
    a = xp.ones(3, dtype)
    one = dtype(1)
    for result in (a * 2, 2.5 * a, a / 3, 1 - a, a * one, one * a, a**2, -a, abs(a),
                   xp.where(a > 0, 1, a), xp.maximum(a, 0), xp.clip(a, -0.5, 0.5),
                   xp.clip(a, -one, one), xp.sqrt(a), a.mean(), a.var(), a.sum(axis=0),
                   (a > 0) * a, (a > 0) * one):  # fmt: skip
        assert isinstance(result, xp.ndarray)
        assert result.dtype == dtype


def test_comparisons_give_booleans(xp):
    a = xp.arange(3.0)
    for result in (a > 1, a == 1, (a >= 0) & (a <= 1), ~(a > 1), xp.isfinite(a)):
        assert result.dtype == np.bool_


def test_numpys_own_functions_pass_the_work_on(xp):
    a = xp.arange(3.0)
    for result in (np.exp(a), np.concatenate([a, a]), np.sum(a), np.float64(2) * a):
        assert isinstance(result, xp.ndarray)


def test_in_place_means_in_place(xp):
    a = xp.zeros(3)
    same = a
    a += 1
    a[a > 0] *= 2
    a[...] = a + 1
    assert a is same
    assert a.tolist() == [3, 3, 3]
    y = xp.empty(3)
    assert xp.maximum(a, 5, out=y) is y
    assert y.tolist() == [5, 5, 5]


# ---- shapes and memory ----------------------------------------------------------------------


def test_views_are_views(xp):
    a = xp.zeros((2, 3))
    for view in (a[:, 1:], a.reshape(3, 2), a.T, a.transpose(1, 0), a[None], a[..., ::2]):
        view[...] = view + 1
    assert a.sum() == 6 * 4 + 4 + 4


def test_layouts(xp):
    a = xp.zeros((4, 6))
    assert a.flags.c_contiguous
    assert not a[:, ::2].flags.c_contiguous
    assert not xp.asfortranarray(a).flags.c_contiguous
    assert xp.ascontiguousarray(a) is a
    assert xp.ascontiguousarray(a[:, ::2]).flags.c_contiguous
    assert a[None].transpose(1, 0, 2).flags.c_contiguous, "an axis of one is in any order"
    assert a.astype(np.float64, copy=False) is a
    assert a.astype(np.float32).dtype == np.float32


def test_samples_are_taken_by_an_index_on_the_device(xp):
    a = xp.arange(12).reshape(4, 3)
    assert a[xp.asarray(np.array([2, 0]))].tolist() == [[6, 7, 8], [0, 1, 2]]
    assert a[1:3].shape == (2, 3)
    assert len(a) == 4
    assert a[a > 9].tolist() == [10, 11]


def test_copies_are_deep(xp):
    a = xp.zeros(2)
    for other in (copy.deepcopy({"a": a})["a"], a.copy()):
        other += 1
    assert not a.any()


def test_products_of_matrices(xp):
    rng = np.random.default_rng(0)
    for left, right in [
        ((2, 3), (3, 4)),
        ((1, 5, 3), (1, 3, 2)),
        ((4, 5, 3), (4, 3, 2)),
        ((7, 2, 3), (3, 4)),
    ]:
        a, b = rng.standard_normal(left), rng.standard_normal(right)
        np.testing.assert_allclose((xp.asarray(a) @ xp.asarray(b)).get(), a @ b, rtol=1e-12)


def test_a_product_into_a_row_of_a_stack(xp):
    a, b, y = xp.ones((2, 3)), xp.ones((3, 4)), xp.zeros((2, 2, 4))
    for each in y:
        xp.dot(a, b, out=each)
    assert (y == 3).all()
    xp.dot(xp.asfortranarray(a), b.T.T, out=y[0])
    assert (y == 3).all()


# ---- raw kernels ----------------------------------------------------------------------

SCALE = """
template <typename T>
__global__ void scale(T* x, long long n, T by) {
    for (long long i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        x[i] *= by;
}
__global__ void reverse(float* x) {
    __shared__ float all[64];
    all[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    x[threadIdx.x] = all[63 - threadIdx.x];
}
"""


def module(xp):
    names = ["scale<float>", "scale<double>", "reverse"]
    return xp.RawModule(code=SCALE, options=("--std=c++17",), name_expressions=names)


@pytest.mark.parametrize(
    ("name", "dtype"), [("scale<float>", np.float32), ("scale<double>", np.float64)]
)
def test_templates_are_called_by_name_with_typed_arguments(xp, name, dtype):
    x = xp.arange(1000, dtype=dtype)
    module(xp).get_function(name)((3,), (128,), (x, 1000, dtype(2)))  # a Python int is 64 bits
    np.testing.assert_array_equal(x.get(), np.arange(1000, dtype=dtype) * 2)


def test_threads_share_memory_and_wait(xp):
    x = xp.arange(64, dtype=np.float32)
    reverse = module(xp).get_function("reverse")
    for _ in range(2):  # the stand-in runs its threads forwards, then backwards
        reverse((1,), (64,), (x,))
    np.testing.assert_array_equal(x.get(), np.arange(64))


def test_out_of_memory_is_a_memory_error(xp):
    assert issubclass(xp.cuda.memory.OutOfMemoryError, MemoryError)
    assert issubclass(xp.cuda.runtime.CUDARuntimeError, RuntimeError)


# ---- streams, events, pinned memory, graphs -----------------------------------------------------


def pinned(xp, a):
    memory = np.frombuffer(xp.cuda.alloc_pinned_memory(a.nbytes), a.dtype, a.size)
    memory[...] = a
    return memory


def test_a_copy_in_a_stream_of_its_own_is_waited_for_by_an_event(xp):
    stream, arrived = xp.cuda.Stream(non_blocking=True), xp.cuda.Event(disable_timing=True)
    there, source = xp.zeros(1000), pinned(xp, np.arange(1000.0))
    free = xp.cuda.get_current_stream().record()
    stream.wait_event(free)
    there.set(source, stream=stream)
    arrived.record(stream)
    xp.cuda.get_current_stream().wait_event(arrived)
    np.testing.assert_array_equal((there + 1).get(), np.arange(1000.0) + 1)
    arrived.synchronize()
    assert arrived.done


def test_bytes_are_seen_as_other_numbers(xp):
    a = np.arange(6, dtype=np.float32)
    there = xp.asarray(np.frombuffer(a.tobytes() + bytes(40), np.uint8))
    assert there[: a.nbytes].view(np.float32).reshape(2, 3).tolist() == a.reshape(2, 3).tolist()


def test_a_struct_goes_to_a_kernel_by_value_with_pointers_in_it(xp):
    code = """
    struct Row { double* to; long long n; double of[3]; };
    __global__ void spread(Row row) {
        if ((long long)threadIdx.x < row.n) row.to[threadIdx.x] = row.of[threadIdx.x];
    }
    """
    kernel = xp.RawModule(code=code, name_expressions=["spread"]).get_function("spread")
    there, row = xp.zeros(3), np.zeros(1, [("to", "<u8"), ("n", "<i8"), ("of", "<f8", 3)])
    row["to"], row["n"], row["of"] = there.data.ptr, 3, [4, 5, 6]
    kernel((1,), (32,), (row,))
    row["of"] = 0  # it has gone with the launch
    assert there.tolist() == [4, 5, 6]


def test_a_missing_array_is_a_null_pointer(xp):
    code = "__global__ void there(const float* a, float* b) { *b = a ? 1 : 2; }"
    kernel = xp.RawModule(code=code, name_expressions=["there"]).get_function("there")
    a, b = xp.zeros(1, np.float32), xp.zeros(1, np.float32)
    kernel((1,), (1,), (a, b))
    assert b.tolist() == [1]
    kernel((1,), (1,), (np.uint64(0), b))
    assert b.tolist() == [2]


def test_what_is_captured_is_done_when_it_is_launched(xp):
    pool, stream = xp.cuda.MemoryPool(), xp.cuda.Stream(non_blocking=True)
    a, total = xp.ones(5), xp.zeros(5)

    def work():
        doubled = a * 2  # in memory that only the graph has
        total[...] = total + doubled

    outside = xp.cuda.get_current_stream()
    stream.wait_event(outside.record())
    with stream, xp.cuda.using_allocator(pool.malloc):
        work()  # compiles what CuPy compiles at the first use
        stream.begin_capture()
        assert stream.is_capturing()
        work()
        graph = stream.end_capture()
    outside.wait_event(stream.record())
    assert total.tolist() == [2] * 5
    for times in (2, 3):
        graph.launch()
        assert total.tolist() == [2 * times] * 5
    a[...] = xp.full(5, 10.0)
    graph.launch()
    assert total.tolist() == [26] * 5


def test_cupy_refuses_to_capture_a_product(xp):
    """If this fails, CuPy has learnt it, and ``backends/cublas.py`` can go."""
    a, stream = xp.ones((2, 2)), xp.cuda.Stream(non_blocking=True)
    xp.dot(a, a)
    with stream:
        stream.begin_capture()
        try:
            with pytest.raises(NotImplementedError, match="cuBLAS"):
                xp.dot(a, a)
        finally:
            stream.end_capture()


def test_products_inside_a_graph_are_cublass(cupy_ops):
    """Every way that a matrix can lie, asked of the library itself."""
    xp, library = cupy_ops.xp, graph.loaded_library(cupy_ops.xp)
    if library is None:
        pytest.skip(because("of cuBLAS", "not among this process's files"))
    blas, rng = cublas.Cublas(xp, library), np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        for M, K, N in [(2, 3, 4), (1, 5, 1), (7, 1, 3), (33, 20, 17)]:
            a, b = rng.standard_normal((M, K)).astype(dtype), rng.standard_normal((K, N))
            b = b.astype(dtype)
            up = xp.asarray
            for left in (up(a), up(np.ascontiguousarray(a.T)).T):
                for right in (up(b), up(np.ascontiguousarray(b.T)).T):
                    out = xp.empty((M, N), dtype)
                    blas.dot(left, right, out)
                    np.testing.assert_allclose(out.get(), a @ b, rtol=1e-4, atol=1e-5)
