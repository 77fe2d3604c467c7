"""``check_backend``: ours pass, one from outside passes, an error in any operation is caught."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.backends import Ops, registry
from minicnn.testing import check_backend
from tests.devices import GPU, STAND_IN, cupy_called


class Own(np.ndarray):
    pass


class OwnNumpy:
    """NumPy, whose new arrays are of the type above."""

    ndarray = Own

    def __getattr__(self, name):
        theirs = getattr(np, name)
        if isinstance(theirs, type) or not callable(theirs):
            return theirs

        def ours(*args, **kwargs):
            made = theirs(*args, **kwargs)
            return made.view(Own) if type(made) is np.ndarray else made

        return ours


class OwnOps(Ops):
    name = "own"
    xp = OwnNumpy()

    def asarray(self, a, dtype=None):
        return np.asarray(a, dtype).view(Own)

    def to_numpy(self, a):
        return np.array(a)


@pytest.fixture(autouse=True)
def nothing_registered(monkeypatch):
    monkeypatch.setattr(registry, "_own", {})


def test_numpy_keeps_every_promise():
    assert check_backend("numpy").subject == 'The backend "numpy"'


@pytest.mark.parametrize("which", [STAND_IN, GPU])
def test_cupy_keeps_every_promise(which):
    with cupy_called(which):
        check_backend("cupy")


@pytest.mark.parametrize("seed", range(3))
def test_a_backend_from_outside_keeps_every_promise(seed):
    mc.register_backend(OwnOps())
    check_backend("own", seed=seed)


def test_a_network_trains_and_is_saved_there_as_here(tmp_path):
    mc.register_backend(OwnOps())
    x, y = mc.data.drawn_pets(20, image_size=(16, 16), seed=0)
    losses = {}
    for name in ("numpy", "own"):
        with mc.use_backend(name):
            model = mc.Sequential(
                [
                    mc.Conv2D(4, 3),
                    mc.BatchNorm(),
                    mc.ReLU(),
                    mc.Flatten(),
                    mc.Dropout(0.2),
                    mc.Dense(1),
                ],
                input_shape=(16, 16, 3),
                seed=0,
            )
            model.compile("adam", mc.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
            history = model.fit(x, y, epochs=2, batch_size=10, verbose=0, validation_split=0.2)
            losses[name] = history.history["loss"]
            assert all(isinstance(p, Own) == (name == "own") for p in model.params.values())
        model.save(tmp_path / name)
        assert type(model.predict(x)) is np.ndarray
    np.testing.assert_allclose(losses["own"], losses["numpy"], rtol=1e-3)
    here = mc.load_model(tmp_path / "own")
    assert not any(isinstance(p, Own) for p in here.params.values())
    np.testing.assert_array_equal(here.predict(x).shape, (20, 1))


# ---- an error in any operation is caught ---------------------------------------------------------

OPERATIONS = [
    "floats",
    "matmul",
    "pad",
    "unpad",
    "im2col",
    "col2im",
    "maxpool",
    "maxpool_backward",
    "avgpool",
    "avgpool_backward",
    "upsample",
    "upsample_backward",
    "sigmoid",
    "softplus",
    "softmax",
    "log_softmax",
    "channel_sums",
    "channel_dots",
    "moments",
    "normalize",
    "normalize_backward",
    "keep_mask",
]


def changed(a, how):
    """One array a little wrong: in a value, in the dtype, in the shape."""
    if how == "value":
        a = a.copy()
        a[tuple(n // 2 for n in a.shape)] += 1  # one entry; of a mask, True
        return ~a if a.dtype == bool else a
    if how == "dtype":
        return a.astype(np.float64 if a.dtype == np.float32 else np.float32)
    return a[..., None]


WRONG = [
    (operation, how)
    for operation in OPERATIONS
    for how in ("value", "dtype", "shape")
    if (operation, how) != ("maxpool", "dtype")  # which integers hold the winners is its affair
]


@pytest.mark.parametrize(("operation", "how"), WRONG)
def test_a_wrong_answer_of_any_operation_is_noticed(operation, how):
    def wrong(self, *given):
        result = getattr(super(Broken, self), operation)(*given)
        if isinstance(result, tuple):
            return (*result[:-1], changed(result[-1], how))
        return changed(result, how)

    Broken = type("Broken", (OwnOps,), {operation: wrong})
    mc.register_backend(Broken())
    if (
        operation == "maxpool" and how == "dtype"
    ):  # which integers hold the winners is its own affair
        return
    with pytest.raises(mc.ConformanceError, match='The backend "own" breaks a promise'):
        check_backend("own")


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o not in ("keep_mask", "floats")])
def test_an_operation_that_writes_into_its_input_is_noticed(operation):
    def wrong(self, first, *others):
        result = getattr(super(Broken, self), operation)(first.copy(), *others)
        first += 1
        return result

    Broken = type("Broken", (OwnOps,), {operation: wrong})
    mc.register_backend(Broken())
    with pytest.raises(mc.ConformanceError, match="has changed an input"):
        check_backend("own")


class ReadsTheBuffer(OwnOps):
    """As if every array lay there without gaps."""

    def channel_sums(self, x):
        base = x if x.base is None or x.flags.c_contiguous else np.asarray(x.base).view(Own)
        return super().channel_sums(base.ravel()[: x.size].reshape(x.shape))


class Strays(OwnOps):
    def asarray(self, a, dtype=None):
        return np.asarray(a, dtype)


class StraysAtBirth(OwnOps):
    class xp(OwnNumpy):  # noqa: N801
        zeros = staticmethod(np.zeros)

    xp = xp()


class KeepsTheType(OwnOps):
    def to_numpy(self, a):
        return a.copy()


class WrongRule(OwnOps):
    """Says that it has done SGD in one stroke."""

    def in_one_pass(self, rule, arrays, numbers):
        if rule != "sgd":
            return False
        arrays[0][...] -= 2 * numbers[0] * arrays[1]
        return True


class HalfDone(OwnOps):
    """Adds the bias, and then says no."""

    def add_bias_and(self, activation, y, b):
        y += b
        return False


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (ReadsTheBuffer, "channel_sums answers otherwise for an array with gaps"),
        (Strays, "asarray gives an array that belongs elsewhere"),
        (StraysAtBirth, "xp.zeros gives an array that belongs elsewhere"),
        (KeepsTheType, "back from to_numpy"),
        (WrongRule, "in_one_pass of SGD"),
        (HalfDone, "add_bias_and relu"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_broken_promise_is_named(broken, says):
    mc.register_backend(broken())
    with pytest.raises(mc.ConformanceError, match=says):
        check_backend("own")


# ---- making a backend known ----------------------------------------------------------------------


def test_its_arrays_know_where_they_belong():
    ops = OwnOps()
    mc.register_backend(ops)
    mine, numpys = ops.asarray([1.0]), np.ones(1)
    assert registry.ops_for(mine) is ops
    assert registry.ops_for(numpys).name == "numpy"
    assert type(registry.to_numpy(mine)) is np.ndarray
    with pytest.raises(mc.BackendError, match=r'the backend "own" and some in the computer'):
        registry.ops_for(mine, numpys)


def test_registered_again_it_takes_the_place_of_the_first():
    first, second = OwnOps(), OwnOps()
    mc.register_backend(first)
    mc.register_backend(second)
    with mc.use_backend("own") as ops:
        assert ops is second
    assert registry.ops_for(second.asarray([1.0])) is second


def test_an_unknown_name_lists_those_that_are_known():
    mc.register_backend(OwnOps())
    with pytest.raises(mc.BackendError, match='"numpy" or "cupy" or "own", got \'tpu\''):
        mc.use_backend("tpu")


class Nameless(Ops):
    xp = OwnNumpy()


class NumpysArrays(Ops):
    name = "numpys"
    xp = np


class Another(OwnOps):
    name = "another"


class CalledNumpy(OwnOps):
    name = "numpy"


@pytest.mark.parametrize(
    ("ops", "says"),
    [
        (Nameless(), "an Ops with a name"),
        (OwnOps, "an Ops with a name"),
        (NumpysArrays(), "NumPy's are NumPy's: derive a class"),
        (CalledNumpy(), "which is built in"),
        (Another(), "Own, which belongs to 'own'; derive another"),
    ],
)
def test_what_cannot_be_a_backend_is_told_why(ops, says):
    mc.register_backend(OwnOps())
    with pytest.raises(mc.ConfigError, match=says):
        mc.register_backend(ops)
