"""What a layer's author may get wrong is one error in training, and never a wrong number."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.errors import ConformanceError, MinicnnError


class Twice(mc.Layer):
    def forward(self, x, training=False):
        self.check(x)
        return 2 * x, {}

    def backward(self, dy, cache):
        return 2 * dy, {}


class Scaled(mc.Layer):
    def build(self, input_shape, rng):
        self.params = {"g": self.new_param((input_shape[-1],), "ones", rng)}
        return self.built(input_shape, input_shape)

    def forward(self, x, training=False):
        return x * self.param("g", x), {"x": x}

    def backward(self, dy, cache):
        return dy * self.param("g", dy), {"g": (dy * cache["x"]).sum(axis=0)}


class ForwardAlone(Twice):
    def forward(self, x, training=False):
        return 2 * x


class NoTraining(Twice):
    def forward(self, x):
        return 2 * x, {}


class NoSuper(Twice):
    def __init__(self, factor=2):
        self.factor = factor


class BuildGivesNothing(Twice):
    def build(self, input_shape, rng):
        self.built(input_shape, input_shape)


class BuildNotesNothing(Twice):
    def build(self, input_shape, rng):
        return input_shape


class OtherShape(Twice):
    def build(self, input_shape, rng):
        return self.built(input_shape, (7,))


class NoArray(Twice):
    def build(self, input_shape, rng):
        self.params = {"g": [1.0]}
        return self.built(input_shape, input_shape)


class BackwardAlone(Twice):
    def backward(self, dy, cache):
        return 2 * dy


class NoDx(Twice):
    def backward(self, dy, cache):
        return None, {}


class ThinDx(Twice):
    def backward(self, dy, cache):
        return dy[:1], {}


class NoGradients(Twice):
    def backward(self, dy, cache):
        return 2 * dy, None


class WideGradient(Scaled):
    def backward(self, dy, cache):
        return dy * self.param("g", dy), {"g": dy * cache["x"]}


BROKEN = {
    ForwardAlone: "return y, cache",
    NoTraining: r"forward\(self, x, training=False\)",
    NoSuper: r"super\(\).__init__\(name\)",
    BuildGivesNothing: r"return self.built\(input_shape, output_shape\)",
    BuildNotesNothing: r"return self.built\(input_shape, output_shape\)",
    OtherShape: r"shape \(2, 7\), as build said, got an array of float\d+ and shape \(2, 3\)",
    NoArray: "self.new_param",
    BackwardAlone: "return dx, grads",
    NoDx: r"dx and a dictionary of gradients, got \(None, a dict\)",
    ThinDx: r"dx in the input's shape \(2, 3\), got an array of float\d+ and shape \(1, 3\)",
    NoGradients: r"a dictionary of gradients, got \(an array .*, None\)",
    WideGradient: r"gradient of g in its shape \(3,\), got an array of float\d+ and shape \(2, 3\)",
}
X, Y = np.ones((2, 3)), np.ones(2)


def train(layer):
    model = mc.Sequential([mc.Dense(3), layer, mc.Dense(1)], input_shape=(3,))
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize(
    ("kind", "remedy"), BROKEN.items(), ids=lambda v: getattr(v, "__name__", "")
)
def test_training_stops_at_a_layer_that_breaks_a_promise(kind, remedy, plain):
    with mc.engine_options(plain=plain), pytest.raises(ConformanceError, match=remedy) as error:
        train(kind())
    assert kind.__name__ in str(error.value)


@pytest.mark.parametrize(
    "kind", [ForwardAlone, OtherShape, BackwardAlone, NoDx, ThinDx, NoGradients]
)
@pytest.mark.parametrize("around", [lambda layer: mc.Concat(layer, mc.ReLU()), mc.Residual])
def test_so_does_a_container(around, kind):
    with pytest.raises(MinicnnError):
        train(around(kind()))


def test_an_argument_that_was_not_kept():
    class Forgetful(Twice):
        def __init__(self, factor=2, name=None):
            super().__init__(name)

    for use in (repr, lambda layer: layer.config()):
        with pytest.raises(ConformanceError, match=r"Forgetful: .*self.factor = factor"):
            use(Forgetful())


@pytest.mark.parametrize("kind", [Twice, Scaled])
def test_a_layer_that_keeps_its_promises_is_left_alone(kind):
    train(kind())
