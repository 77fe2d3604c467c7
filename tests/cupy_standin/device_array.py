"""Arrays that pretend to live on a GPU: NumPy's, behind glass."""

import numpy as np

GUARD = 64  # bytes on either side of an array's memory, to catch stray writes
UNTOUCHED = 0xFF  # in every byte of fresh memory: NaN, as float32 and as float64

METHODS = (
    "all", "any", "argmax", "astype", "copy", "max", "mean", "min", "ravel", "repeat", "reshape",
    "round", "sum", "transpose", "var",
)  # fmt: skip

fetches = 0  # how often the CPU has waited for a number: what a GPU's time is wasted on


def fetch(a: "ndarray") -> np.ndarray:
    """What is behind the glass, noted as a wait for the device."""
    global fetches
    fetches += 1
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


def wrapped(function):
    """A NumPy function for arrays behind glass."""

    def on_device(*args, **kwargs):
        out = kwargs.get("out")
        result = glazed(function(*bare(args), **bare(kwargs)))
        return result if out is None else out

    on_device.__name__ = function.__name__
    return on_device


class ndarray(np.lib.mixins.NDArrayOperatorsMixin):  # noqa: N801 - CuPy's name for it
    """An array on the make-believe device."""

    __module__ = "cupy"
    __array_priority__ = 100
    __hash__ = None

    def __init__(self, a, memory=None):
        self._a = a
        self._memory = memory  # the array's bytes with their guards, where it was made by `empty`

    # ---- the wall between the two memories ----------------------------------------------

    def __array__(self, dtype=None, copy=None):
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. Please use `.get()` to "
            "construct a NumPy array explicitly."
        )

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if "out" in kwargs:
            (out,) = kwargs["out"]
            kwargs["out"] = (bare(out),)
            getattr(ufunc, method)(*bare(inputs), **kwargs)
            return out
        return glazed(getattr(ufunc, method)(*bare(inputs), **bare(kwargs)))

    def __array_function__(self, function, types, args, kwargs):
        if any(issubclass(t, np.ndarray) for t in types):
            raise TypeError(f"Unsupported type {np.ndarray}")
        import tests.cupy_standin as cupy

        mine = getattr(cupy, function.__name__, None)
        return NotImplemented if mine is None else mine(*args, **kwargs)

    def get(self):
        return fetch(self).copy()

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
        return glazed(self._a[bare(key)])

    def __setitem__(self, key, value):
        self._a[bare(key)] = bare(value)

    def __len__(self):
        return len(self._a)

    def __iter__(self):
        return map(glazed, self._a)

    shape = property(lambda self: self._a.shape)
    dtype = property(lambda self: self._a.dtype)
    ndim = property(lambda self: self._a.ndim)
    size = property(lambda self: self._a.size)
    nbytes = property(lambda self: self._a.nbytes)
    itemsize = property(lambda self: self._a.itemsize)
    strides = property(lambda self: self._a.strides)
    flags = property(lambda self: self._a.flags)
    T = property(lambda self: ndarray(self._a.T))

    @property
    def __cuda_array_interface__(self):
        return {"shape": self.shape, "typestr": self.dtype.str, "version": 3}

    @property
    def device(self):
        from tests.cupy_standin import cuda

        return cuda.Device(0)

    def check_guards(self, kernel):
        """Complain if something was written before or behind the array's memory."""
        if self._memory is not None:
            ends = (self._memory[:GUARD], self._memory[-GUARD:])
            if any((end != UNTOUCHED).any() for end in ends):
                raise AssertionError(f"{kernel} wrote outside of an array of shape {self.shape}")


def _method(name):
    def method(self, *args, **kwargs):
        result = getattr(self._a, name)(*bare(args), **bare(kwargs))
        return self if result is self._a else glazed(result)

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
    source = a._a if isinstance(a, ndarray) else np.asarray(_from_parts(a), dtype=dtype)
    made = empty(source.shape, dtype or source.dtype)
    made._a[...] = source
    return made


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
    return ndarray(np.asfortranarray(asarray(a, dtype)._a))


def asnumpy(a, stream=None, order="C", out=None, *, blocking=True):
    """The way out."""
    return a.get() if isinstance(a, ndarray) else np.asarray(a)
