"""Arrays that pretend to live on a GPU: NumPy's, behind glass."""

import warnings
import weakref
from types import SimpleNamespace

import numpy as np

from tests.cupy_standin import machine
from tests.cupy_standin.machine import Block, counts, submit

GUARD = 64  # bytes on either side of an array's memory, to catch stray writes
UNTOUCHED = 0xFF  # in every byte of fresh memory: NaN, as float32 and as float64

METHODS = (
    "all", "any", "argmax", "astype", "copy", "max", "mean", "min", "ravel", "repeat", "reshape",
    "round", "sum", "transpose", "var", "view",
)  # fmt: skip


def fetch(a: "ndarray") -> np.ndarray:
    """What is behind the glass, once the device has computed it."""
    machine.wait("a transfer to the CPU")
    counts.fetches += 1
    return a._a


def bare(x):
    """Arguments without the glass; a NumPy array among them is refused, as CuPy does."""
    if isinstance(x, ndarray):
        return x._a
    if isinstance(x, np.ndarray):
        raise TypeError(f"Unsupported type {type(x)}")
    if isinstance(x, list | tuple):
        return type(x)(map(bare, x))
    if isinstance(x, dict):
        return {key: bare(value) for key, value in x.items()}
    return x


def glazed(result):
    """Results behind glass; a single number is an array of no axes, as in CuPy."""
    if isinstance(result, tuple):
        return tuple(map(glazed, result))
    if isinstance(result, np.ndarray | np.generic):
        return ndarray(np.asarray(result))
    return result


def compute(function, args, kwargs=None):
    """What a NumPy function makes of arrays behind glass, when their stream gets to it.

    A view is made at once: it costs the device nothing.
    """
    kwargs = kwargs or {}
    function, out = quiet(function), kwargs.get("out")
    inside, options = bare(args), bare(kwargs)
    touched = arrays_in((args, kwargs))
    if machine.at_once():
        result = function(*inside, **options)
    else:  # on what lies there now, to learn the shape; into nothing
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = function(*inside, **{k: v for k, v in options.items() if k != "out"})
    if out is not None:
        counts.launches += 1
        if not machine.at_once():
            submit(lambda: function(*inside, **options), touched)
        return out
    if not isinstance(result, np.ndarray | np.generic):
        return result
    for parent in touched:
        if np.may_share_memory(result, parent._a) and result.size:
            return ndarray(result, block=parent._block)
    counts.launches += 1
    if machine.at_once():
        return ndarray(np.asarray(result))
    made = empty(result.shape, result.dtype)
    place = made._a

    def fill():
        place[...] = function(*inside, **options)

    submit(fill, [*touched, made])
    return made


def quiet(function):
    """A GPU does not warn of NaN."""

    def computed(*args, **kwargs):
        with np.errstate(all="ignore"):
            return function(*args, **kwargs)

    return computed


def arrays_in(x):
    """All arrays behind glass among arguments."""
    if isinstance(x, ndarray):
        return [x]
    if isinstance(x, dict):
        x = tuple(x.values())
    return [a for part in x for a in arrays_in(part)] if isinstance(x, list | tuple) else []


def wrapped(function):
    """A NumPy function for arrays behind glass."""

    def on_device(*args, **kwargs):
        return compute(function, args, kwargs)

    on_device.__name__ = function.__name__
    return on_device


def product(function):
    """The same for products of matrices, which are cuBLAS's: CuPy refuses to capture those."""

    def on_device(*args, **kwargs):
        if machine.get_current_stream().is_capturing():
            raise NotImplementedError(
                "calling cuBLAS API during stream capture is currently unsupported"
            )
        return compute(function, args, kwargs)

    on_device.__name__ = function.__name__
    return on_device


ADDRESSES = weakref.WeakValueDictionary()  # whose memory it is, for pointers inside structs


class ndarray(np.lib.mixins.NDArrayOperatorsMixin):  # noqa: N801 - CuPy's name for it
    """An array on the make-believe device."""

    __module__ = "cupy"
    __array_priority__ = 100
    __hash__ = None

    def __init__(self, a, memory=None, block=None):
        self._a = a
        self._memory = memory  # the array's bytes with their guards, where it was made by `empty`
        self._block = Block() if block is None else block
        if self._block.memory is None:
            self._block.memory = a if memory is None else memory
        ADDRESSES[a.__array_interface__["data"][0]] = self._block

    # ---- the wall between the two memories ----------------------------------------------

    def __array__(self, dtype=None, copy=None):
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. Please use `.get()` to "
            "construct a NumPy array explicitly."
        )

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if "out" in kwargs:
            (kwargs["out"],) = kwargs["out"]
        function = getattr(ufunc, method)
        return (product(function) if ufunc is np.matmul else wrapped(function))(*inputs, **kwargs)

    def __array_function__(self, function, types, args, kwargs):
        if any(issubclass(t, np.ndarray) for t in types):
            raise TypeError(f"Unsupported type {np.ndarray}")
        import tests.cupy_standin as cupy

        mine = getattr(cupy, function.__name__, None)
        return NotImplemented if mine is None else mine(*args, **kwargs)

    def get(self, stream=None, order="C", out=None, blocking=True):
        return fetch(self).copy()

    def set(self, arr, stream=None):
        stream = machine.get_current_stream() if stream is None else stream
        if self.shape != arr.shape or self.dtype != arr.dtype:
            raise ValueError("Shape mismatch") if self.shape != arr.shape else TypeError("dtype")
        assert self.flags.c_contiguous, "only a whole piece of memory is copied as it is"
        assert arr.flags.c_contiguous
        to = self._a
        if is_pinned(arr):
            counts.streamed += 1
            stream._submit(lambda: np.copyto(to, arr), [self])  # read when the stream gets to it
        else:
            stream._not_while_capturing("a transfer from the CPU")
            counts.uploads += 1
            copied = arr.copy()
            stream._submit(lambda: np.copyto(to, copied), [self])

    def __float__(self):
        return float(fetch(self))

    def __int__(self):
        return int(fetch(self))

    def __bool__(self):
        return bool(fetch(self))

    def item(self):
        return fetch(self).item()

    def tolist(self):
        return fetch(self).tolist()

    def __repr__(self):
        return repr(self._a)

    def __format__(self, spec):
        return format(fetch(self)[()] if self.ndim == 0 else str(self), spec)

    # ---- what both know -------------------------------------------------------------------

    def __getitem__(self, key):
        if any(a.dtype == bool for a in arrays_in((key,))):
            fetch(self)  # how large the result is only the device knows
        if isinstance(key, int | np.integer):
            key = (key, ...)  # a number is a view too
        return compute(lambda a, k: a[k], (self, key))

    def __setitem__(self, key, value):
        to, inside, new = self._a, bare(key), bare(value)
        counts.launches += 1

        def write():
            to[inside] = new

        submit(write, [self, *arrays_in((key, value))])

    def __len__(self):
        return len(self._a)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    shape = property(lambda self: self._a.shape)
    dtype = property(lambda self: self._a.dtype)
    ndim = property(lambda self: self._a.ndim)
    size = property(lambda self: self._a.size)
    nbytes = property(lambda self: self._a.nbytes)
    itemsize = property(lambda self: self._a.itemsize)
    strides = property(lambda self: self._a.strides)
    flags = property(lambda self: self._a.flags)
    T = property(lambda self: ndarray(self._a.T, block=self._block))
    data = property(lambda self: SimpleNamespace(ptr=self._a.ctypes.data))

    @property
    def __cuda_array_interface__(self):
        return {"shape": self.shape, "typestr": self.dtype.str, "version": 3}

    @property
    def device(self):
        from tests.cupy_standin import cuda

        return cuda.Device(0)


def check_guards(kernel, shape, memory):
    """Complain if something was written before or behind an array's memory."""
    if memory is not None:
        ends = (memory[:GUARD], memory[-GUARD:])
        if any((end != UNTOUCHED).any() for end in ends):
            raise AssertionError(f"{kernel} wrote outside of an array of shape {shape}")


def _method(name):
    def method(self, *args, **kwargs):
        if name == "copy":  # of a view too, in NumPy as in CuPy
            return compute(lambda a: a.copy(), (self,))
        result = compute(lambda a, *rest, **named: getattr(a, name)(*rest, **named),
                         (self, *args), kwargs)  # fmt: skip
        return self if isinstance(result, ndarray) and result._a is self._a else result

    method.__name__ = name
    return method


for _name in METHODS:
    if _name not in vars(ndarray):
        setattr(ndarray, _name, _method(_name))


# ---- making arrays --------------------------------------------------------------------------


def empty(shape, dtype=float, order="C"):
    """Memory that nobody has written to: all NaN, so that nobody takes it for an answer."""
    dtype, shape = np.dtype(dtype), (shape,) if isinstance(shape, int) else tuple(shape)
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    memory = np.full(size + 2 * GUARD, UNTOUCHED, np.uint8)
    inside = memory[GUARD : GUARD + size].view(dtype)
    return ndarray(inside.reshape(shape, order=order), memory)


def array(a, dtype=None, copy=True, order="K"):
    """A copy of ``a``, which may live on either side of the wall: this is the door."""
    if isinstance(a, ndarray):
        return compute(lambda x: np.array(x, dtype=dtype or x.dtype, order="C"), (a,))
    if arrays_in((a,)):
        machine.wait("a list of arrays")
    else:
        machine.get_current_stream()._not_while_capturing("a transfer from the CPU")
        counts.uploads += 1
    source = np.asarray(_from_parts(a), dtype=dtype)
    made = empty(source.shape, dtype or source.dtype)
    place, kept = made._a, source.copy()

    def fill():
        place[...] = kept

    submit(fill, [made])
    return made


def is_pinned(a):
    """Whether an array of the CPU's begins in pinned memory."""
    from tests.cupy_standin.cuda import PINNED

    return a.ctypes.data in PINNED


def _from_parts(a):
    """A list that holds arrays of the device, laid open."""
    if isinstance(a, list | tuple):
        return [_from_parts(part) for part in a]
    return a._a if isinstance(a, ndarray) else a


def asarray(a, dtype=None, order=None):
    """``a`` itself if it is here and has the dtype, else a copy."""
    if isinstance(a, ndarray) and (dtype is None or a.dtype == dtype):
        return a
    return array(a, dtype)


def ascontiguousarray(a, dtype=None):
    """``a`` itself if its memory is in C order, else a copy that is."""
    a = asarray(a, dtype)
    return a if a.flags.c_contiguous else array(a)


def asfortranarray(a, dtype=None):
    """``a`` in Fortran's order."""
    return compute(np.asfortranarray, (asarray(a, dtype),))


def asnumpy(a, stream=None, order="C", out=None, *, blocking=True):
    """The way out."""
    return a.get() if isinstance(a, ndarray) else np.asarray(a)
