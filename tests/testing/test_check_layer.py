"""``check_layer`` on layers written outside the package: right ones pass, broken ones fail."""

import numpy as np
import pytest
from hypothesis import given

import minicnn as mc
from minicnn.testing import PROPERTIES, check_layer, strategies


class Swish(mc.Layer):
    """y = x · sigmoid(s · x), with a learnt slope s for each channel: as a user would write it."""

    def build(self, input_shape, rng):
        self.params = {"s": self.new_param((self.features(input_shape),), "ones", rng)}
        return self.built(input_shape, input_shape)

    def forward(self, x, training=False):
        self.check(x)
        s = self.param("s", x)
        gate = 1 / (1 + np.exp(-s * x))
        return x * gate, {"x": x, "gate": gate}

    def backward(self, dy, cache):
        x, gate = cache["x"], cache["gate"]
        slope = gate * (1 - gate)
        dx = dy * (gate + x * slope * self.param("s", x))
        ds = (dy * x * x * slope).sum(axis=tuple(range(dy.ndim - 1)))
        return dx, {"s": ds}


def test_a_right_layer_passes():
    report = check_layer(Swish, input_shape=(4, 4, 3))
    assert report.subject == "Swish"
    assert report.proven == tuple(PROPERTIES)


@given(strategies.map_shapes() | strategies.row_shapes())
def test_a_right_layer_passes_for_any_shape(shape):
    check_layer(Swish, shape)


class WrongShape(Swish):
    def build(self, input_shape, rng):
        super().build(input_shape, rng)
        return (*input_shape, 1)


class MissingGradient(Swish):
    def backward(self, dy, cache):
        return super().backward(dy, cache)[0], {}


class GradientInTheWrongShape(Swish):
    def backward(self, dy, cache):
        dx, grads = super().backward(dy, cache)
        return dx, {"s": grads["s"][None]}


class WrongGradient(Swish):
    def backward(self, dy, cache):
        dx, grads = super().backward(dy, cache)
        return dx * 0.999, grads


class CastsToFloat32(Swish):
    def forward(self, x, training=False):
        y, cache = super().forward(x, training)
        return y.astype(np.float32).astype(np.result_type(x, np.float64)), cache


class WritesIntoItsInput(Swish):
    def forward(self, x, training=False):
        y, cache = super().forward(x.copy(), training)
        x *= 2
        return y, cache


class WritesIntoDy(Swish):
    def backward(self, dy, cache):
        result = super().backward(dy.copy(), cache)
        dy *= 2
        return result


class WritesIntoAParameter(Swish):
    def backward(self, dy, cache):
        result = super().backward(dy, cache)
        self.params["s"] += 1
        return result


class ChangesItsCache(Swish):
    def backward(self, dy, cache):
        result = super().backward(dy, cache)
        cache["gate"] = cache["gate"] * 2
        return result


class FailsForOneSample(Swish):
    def forward(self, x, training=False):
        y, cache = super().forward(x, training)
        return (y[0] if len(x) == 1 else y), cache


class ForgetsTheCache(Swish):
    def forward(self, x, training=False):
        return super().forward(x, training)[0]


class TakesNoTraining(Swish):
    def forward(self, x):
        return super().forward(x)


class GivesNoGradients(Swish):
    def backward(self, dy, cache):
        return super().backward(dy, cache)[0], None


class BeginsWithoutSuper(Swish):
    def __init__(self):
        self.slope = 1


class ForgetsAnArgument(Swish):
    def __init__(self, factor=2):
        super().__init__()


class HasAListForAParameter(Swish):
    def build(self, input_shape, rng):
        shape = super().build(input_shape, rng)
        self.params["s"] = [1.0] * input_shape[-1]
        return shape


class ForeignFigures(Swish):
    def next_state(self, cache):
        return {"nonsense": cache["x"]}


class AssumesRowMajorMemory(Swish):
    def forward(self, x, training=False):
        y, cache = super().forward(x, training)
        return y.ravel(order="K").reshape(y.shape), cache


class KeepsActivations(Swish):
    def forward(self, x, training=False):
        y, cache = super().forward(x, training)
        self.last = cache
        return y, cache

    def backward(self, dy, cache):
        return super().backward(dy, self.last)


class RemembersItsLastInput(Swish):
    def forward(self, x, training=False):
        self.seen = x
        return super().forward(x, training)


class MixesTheBatch(Swish):
    def forward(self, x, training=False):
        y, cache = super().forward(x - x.mean(axis=0), training)
        return y, cache

    def backward(self, dy, cache):
        dx, grads = super().backward(dy, cache)
        return dx - dx.mean(axis=0), grads


class DrawsFromGlobalState(Swish):
    def build(self, input_shape, rng):
        shape = super().build(input_shape, rng)
        self.params["s"] += (
            np.random.default_rng().standard_normal(self.params["s"].shape).astype("f")
        )
        return shape


class TakesAnyShape(Swish):
    def check(self, x):
        if x.dtype not in (np.float32, np.float64):
            raise mc.DtypeError("TakesAnyShape: expected floats")


class TakesAnyDtype(Swish):
    def check(self, x):
        if x.shape[1:] != self.input_shape:
            raise mc.ShapeError(f"TakesAnyDtype: expected {self.input_shape}")


class RaisesSomethingElse(Swish):
    def check(self, x):
        if x.shape[1:] != self.input_shape:
            raise ValueError("no")


@pytest.mark.parametrize(
    ("layer", "error", "promise"),
    [
        (WrongShape, mc.ConformanceError, "expected build to note both shapes"),
        (MissingGradient, mc.ConformanceError, "expected gradients of s, got none"),
        (GradientInTheWrongShape, mc.ConformanceError, "expected the gradient of s in its shape"),
        (WrongGradient, mc.GradientError, "the gradient of x is wrong"),
        (CastsToFloat32, mc.GradientError, "casts to a smaller dtype"),
        (WritesIntoItsInput, mc.ConformanceError, "x was changed"),
        (WritesIntoDy, mc.ConformanceError, "dy was changed"),
        (WritesIntoAParameter, mc.ConformanceError, "s was changed"),
        (ChangesItsCache, mc.ConformanceError, "backward changed its cache"),
        (FailsForOneSample, mc.ConformanceError, "N=1"),
        (ForgetsTheCache, mc.ConformanceError, "expected forward to give an array and a cache"),
        (TakesNoTraining, mc.ConformanceError, "expected forward.self, x, training=False"),
        (GivesNoGradients, mc.ConformanceError, "dx and a dictionary of gradients"),
        (BeginsWithoutSuper, mc.ConformanceError, "super"),
        (ForgetsAnArgument, mc.ConformanceError, "factor"),
        (HasAListForAParameter, mc.ConformanceError, "to be an array, got a list"),
        (ForeignFigures, mc.ConformanceError, "got nonsense of shape"),
        (AssumesRowMajorMemory, mc.ConformanceError, "any memory layout"),
        (KeepsActivations, mc.ConformanceError, "nothing stays behind"),
        (RemembersItsLastInput, mc.ConformanceError, "use the cache instead"),
        (MixesTheBatch, mc.ConformanceError, "a batch is its samples one by one"),
        (DrawsFromGlobalState, mc.ConformanceError, "equal draws build equal layers"),
        (TakesAnyShape, mc.ConformanceError, "a wrong shape is one clear error"),
        (TakesAnyDtype, mc.ConformanceError, "a wrong dtype is one clear error"),
        (RaisesSomethingElse, mc.ConformanceError, "got ValueError"),
    ],
)
def test_each_broken_promise_is_named(layer, error, promise):
    with pytest.raises(error, match=promise):
        check_layer(layer, input_shape=(4, 4, 3))


def test_a_layer_that_needs_the_whole_batch_may_say_so():
    class Centred(MixesTheBatch):
        per_sample = False

        def forward(self, x, training=False):
            if not training:
                return Swish.forward(self, x)
            y, cache = super().forward(x, training)
            return y, {**cache, "centred": True}

        def backward(self, dy, cache):
            return (super() if cache.get("centred") else Swish).backward(
                *(() if cache.get("centred") else (self,)), dy, cache
            )

    check_layer(Centred, input_shape=(3, 2))


ALWAYS_THE_SAME = Swish()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((mc.Dense(2), (3,)), "a function that makes a fresh layer"),
        ((Swish, 3), "an input_shape such as"),
        ((Swish, (3,), 0), "batch"),
        ((lambda: ALWAYS_THE_SAME, (3,)), "one and the same"),
    ],
)
def test_what_cannot_be_checked_is_one_clear_error(arguments, says):
    with pytest.raises(mc.MinicnnError, match=says):
        check_layer(*arguments)
