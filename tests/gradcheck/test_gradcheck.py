"""The gradient check itself: what it accepts, what it refuses, what it says."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc


class Cube:
    """A layer by contract only: no base class, no build."""

    def __init__(self, factor=3.0):
        self.params = {"w": np.array([2.0])}
        self.factor = factor

    def forward(self, x, training=False):
        return self.params["w"] * x**3, {"x": x}

    def backward(self, dy, cache):
        x = cache["x"]
        return dy * self.params["w"] * self.factor * x**2, {"w": np.array([(dy * x**3).sum()])}


def draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def test_any_object_with_the_contract_will_do():
    report = mc.gradcheck(Cube(), draw(4, 3))
    assert [row.tensor for row in report.rows] == ["x", "w"]
    with pytest.raises(mc.GradientError, match=r"Cube: the gradient of x is wrong"):
        mc.gradcheck(Cube(factor=2.0), draw(4, 3))


def test_the_message_names_tensor_index_and_both_values():
    class OneBadEntry(mc.Dense):
        def backward(self, dy, cache):
            dx, grads = super().backward(dy, cache)
            grads["W"][2, 1] += 5
            return dx, grads

    with pytest.raises(mc.GradientError) as error:
        mc.gradcheck(OneBadEntry(3, name="readout"), draw(4, 5))
    message = str(error.value)
    assert message.startswith("readout (OneBadEntry): the gradient of W is wrong")
    assert "W[2, 1]: expected " in message
    numeric = float(message.split("expected ")[1].split()[0])
    claimed = float(message.split("got ")[1].split()[0])
    assert claimed - numeric == pytest.approx(5, rel=1e-5)


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (lambda g: -g, "a wrong sign"),
        (lambda g: 2 * g, "2 times too large throughout"),
        (lambda g: 0 * g, "a forgotten term"),
        (lambda g: g.T.copy(), "a transposed axis"),
    ],
)
def test_it_guesses_what_went_wrong(change, hint):
    class Changed(mc.Dense):
        def backward(self, dy, cache):
            dx, grads = super().backward(dy, cache)
            return dx, {**grads, "W": change(grads["W"])}

    with pytest.raises(mc.GradientError, match=hint):
        mc.gradcheck(Changed(4), draw(3, 4))


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (mc.ReLU(), np.array([[1.0, 0.0, -2.0]])),
        (mc.LeakyReLU(0.1), np.array([[1.0, 0.0, -2.0]])),
        (mc.MaxPool2D(2), np.ones((1, 2, 2, 1))),
        (mc.Chain(mc.Dense(3, use_bias=False), mc.ReLU()), np.zeros((1, 2))),
    ],
)
def test_a_kink_is_called_a_kink(layer, x, full):
    with pytest.raises(mc.KinkError, match="a ReLU at 0, a tie in a pool"):
        mc.gradcheck(layer, x, full=full)


def test_a_kink_is_no_excuse_away_from_it():
    class Wrong(mc.ReLU):
        def backward(self, dy, cache):
            return dy.copy(), {}

    with pytest.raises(mc.GradientError):
        mc.gradcheck(Wrong(), np.array([[1.0, -2.0]]))


@given(st.floats(1e-5, 1e-2), st.sampled_from([-1, 1]))
def test_near_a_kink_but_not_on_it_is_checked(distance, side):
    report = mc.gradcheck(mc.ReLU(), np.array([[distance * side, 1.0]]))
    assert report.worst.error < 1e-6


@given(st.floats(1e-2, 1e2), st.integers(0, 1000))
def test_the_scale_of_the_input_does_not_matter(scale, seed):
    class Wrong(mc.Dense):
        def backward(self, dy, cache):
            dx, grads = super().backward(dy, cache)
            return dx, {**grads, "W": grads["W"] * (1 + 1e-4)}

    x = scale * draw(3, 4, seed=seed)
    mc.gradcheck(mc.Dense(2), x, seed=seed)
    with pytest.raises(mc.GradientError):
        mc.gradcheck(Wrong(2), x, seed=seed)


def test_a_network_with_its_loss_is_differentiated_as_training_does_it():
    model = mc.Sequential([mc.Dense(5, activation="tanh"), mc.Dense(1, activation="sigmoid")])
    x, y = 30 * draw(6, 4), np.arange(6) % 2
    report = mc.gradcheck(model, x, loss="binary_crossentropy", y=y)
    assert [r.tensor for r in report.rows] == [
        "x", "dense_1/W", "dense_1/b", "dense_2/W", "dense_2/b",
    ]  # fmt: skip
    with pytest.raises(mc.ConfigError, match="labels y"):
        mc.gradcheck(model, x, loss="binary_crossentropy")


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        (mc.BinaryCrossentropy(from_logits=True), np.array([[0, 1, 1], [1, 0, 0.3]])),
        (mc.CategoricalCrossentropy(from_logits=True), np.array([[0, 1, 0], [0.2, 0.3, 0.5]])),
        (mc.SparseCategoricalCrossentropy(from_logits=True), np.array([2, 0])),
        (mc.MeanSquaredError(), draw(2, 3)),
    ],
)
def test_every_loss_has_a_right_slope(loss, y):
    mc.gradcheck(mc.Chain(), draw(2, 3), loss=loss, y=y, full=True)


@pytest.mark.parametrize(
    ("activation", "loss", "y"),
    [
        ("sigmoid", mc.BinaryCrossentropy(), np.array([[0, 1, 1], [1, 0, 0.3]])),
        ("softmax", mc.CategoricalCrossentropy(), np.array([[0, 1, 0], [0.2, 0.3, 0.5]])),
        ("sigmoid", mc.CategoricalCrossentropy(), np.array([[0, 1, 0], [0.2, 0.3, 0.5]])),
    ],
)
def test_losses_of_probabilities_have_a_right_slope_too(activation, loss, y):
    class OfProbabilities:
        """The activation as a foreign layer, so that it is not joined with the loss."""

        def __init__(self):
            self.inner = mc.layers.activations.get(activation, "test")
            self.inner.build((3,), None)
            self.params = {}

        def forward(self, x, training=False):
            return self.inner.forward(x, training)

        def backward(self, dy, cache):
            return self.inner.backward(dy, cache)

    mc.gradcheck(OfProbabilities(), draw(2, 3), loss=loss, y=y, full=True)


def test_the_layer_itself_is_left_alone():
    layer = mc.Dense(3)
    mc.gradcheck(layer, draw(2, 4))
    assert layer.input_shape is None
    layer.build((4,), np.random.default_rng(0))
    before = copy.deepcopy(layer.params)
    x = draw(2, 4).astype(np.float32)
    kept = x.copy()
    mc.gradcheck(layer, x)
    np.testing.assert_array_equal(x, kept)
    for key, p in layer.params.items():
        np.testing.assert_array_equal(p, before[key])
        assert p.dtype == np.float32


def test_wrong_keys_shapes_and_dtypes_are_gradient_errors():
    def returning(change):
        class Changed(mc.Dense):
            def backward(self, dy, cache):
                return change(*super().backward(dy, cache))

        return Changed(2)

    x = draw(3, 4)
    with pytest.raises(mc.GradientError, match=r"expected a gradient for each of \['W', 'b'\]"):
        mc.gradcheck(returning(lambda dx, g: (dx, {"W": g["W"]})), x)
    with pytest.raises(mc.GradientError, match=r"gradient of W to have its shape \(4, 2\)"):
        mc.gradcheck(returning(lambda dx, g: (dx, {**g, "W": g["W"].T})), x)
    with pytest.raises(mc.GradientError, match="something in backward casts"):
        mc.gradcheck(returning(lambda dx, g: (dx.astype(np.float32), g)), x)


def test_nan_is_refused():
    with pytest.raises(mc.NotFiniteError, match="check x"):
        mc.gradcheck(mc.Dense(2), np.array([[np.nan, 1.0]]))


def test_the_report_prints_as_a_table():
    text = str(mc.gradcheck(mc.Dense(2), draw(3, 4), full=True))
    lines = text.splitlines()
    assert lines[0] == "Gradients of Dense: right"
    assert lines[2].split() == [
        "tensor", "shape", "checked", "backward", "numerical", "relative", "error", "allowed",
    ]  # fmt: skip
    assert "W       (4, 2)  8 entries" in text


def test_batchnorm_at_tiny_variance_is_curved_but_not_kinked():
    x = 1.0 + 1e-3 * draw(6, 2)
    mc.gradcheck(mc.BatchNorm(epsilon=1e-6), x, training=True)


class Double(mc.Layer):
    def forward(self, x, training=False):
        return 2 * x, {}

    def backward(self, dy, cache):
        return 2 * dy, {}


def double(**methods):
    return type("Double", (Double,), methods)()


class NoSuper(Double):
    def __init__(self):
        self.k = 2


def build_a_list(self, input_shape, rng):
    self.params = {"g": [1.0]}
    return self.built(input_shape, input_shape)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (double(forward=lambda self, x, training=False: 2 * x), "write return y, cache"),
        (double(forward=lambda self, x, training=False: (None, {})), "write return y, cache"),
        (double(forward=lambda self, x: (2 * x, {})), r"training=False\), got forward\(x\)"),
        (double(backward=lambda self, dy, cache: 2 * dy), "write return dx, grads"),
        (double(backward=lambda self, dy, cache: (2 * dy, None)), "write return dx, grads"),
        (double(backward=lambda self, dy, cache: (None, {})), r"got \(None, a dict\)"),
        (double(build=build_a_list), "to be an array of floats, got a list"),
        (NoSuper(), r"begin __init__ with super\(\).__init__"),
    ],
)
def test_a_slip_in_a_layer_is_one_clear_error(layer, message):
    with pytest.raises(mc.ConformanceError, match=message):
        mc.gradcheck(layer, draw(2, 3))


@pytest.mark.parametrize(
    ("layer", "x", "options", "message"),
    [
        ("abc", draw(2, 3), {}, "with forward and backward, got 'abc'"),
        (mc.Dense, draw(2, 3), {}, r"the class Dense; write Dense\(\.\.\.\)"),
        (mc.Dense(2), "abc", {}, "array of real numbers"),
        (mc.Dense(2), None, {}, "array of real numbers"),
        (mc.Dense(2), draw(2, 3) * 1j, {}, "got complex128"),
        (mc.Dense(2), np.zeros((0, 3)), {}, r"got float64 of shape \(0, 3\)"),
        (mc.Dense(2), 3.0, {}, "at least one sample"),
        (mc.Dense(2), [[1.0], [1.0, 2.0]], {}, "array of real numbers"),
        (mc.Dense(2), draw(2, 3), {"eps": 0}, "eps above 0, got 0"),
        (mc.Dense(2), draw(2, 3), {"rtol": -1}, "rtol above 0, got -1"),
    ],
)
def test_arguments_that_make_no_sense(layer, x, options, message):
    with pytest.raises(mc.ConfigError, match=message):
        mc.gradcheck(layer, x, **options)


def test_a_parameter_called_x_does_not_hide_the_input():
    class CalledX(mc.Layer):
        factor = 1.0

        def build(self, input_shape, rng):
            self.params = {"x": self.new_param((input_shape[-1],), "ones", rng)}
            return self.built(input_shape, input_shape)

        def forward(self, x, training=False):
            return x * self.param("x", x), {"x": x}

        def backward(self, dy, cache):
            return self.factor * dy * self.param("x", dy), {"x": (dy * cache["x"]).sum(axis=0)}

    report = mc.gradcheck(CalledX(), draw(2, 3))
    assert [row.tensor for row in report.rows] == ["x", 'params["x"]']
    wrong = CalledX()
    wrong.factor = -77.0
    with pytest.raises(mc.GradientError, match="the gradient of x is wrong"):
        mc.gradcheck(wrong, draw(2, 3))


def test_a_forward_that_draws_from_elsewhere_is_named_so():
    rng = np.random.default_rng(0)

    def forward(self, x, training=False):
        mask = rng.random(x.shape) > 0.5
        return x * mask, {"mask": mask}

    random = double(forward=forward, backward=lambda self, dy, cache: (dy * cache["mask"], {}))
    with pytest.raises(
        mc.GradientError, match=r"got two from forward; .* mc.Moment.of\(training\)"
    ):
        mc.gradcheck(random, draw(4, 5))
