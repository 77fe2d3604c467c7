"""Where float64 is hard put: a right gradient is never called wrong, nor a wrong one right."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.gradcheck.slopes import DrownedError, KinkedError, Line
from tests.effort import examples


class Affine(mc.Layer):
    """y = offset + slope · x."""

    def __init__(self, offset=0.0, slope=1.0, name=None):
        super().__init__(name)
        self.offset, self.slope = offset, slope

    def forward(self, x, training=False):
        self.check(x)
        return self.offset + self.slope * x, {}

    def backward(self, dy, cache):
        return self.slope * dy, {}


LAYERS = {
    "sigmoid": mc.Sigmoid,
    "tanh": mc.Tanh,
    "softmax": mc.Softmax,
    "relu": mc.ReLU,
    "dense": lambda: mc.Dense(3, activation="tanh"),
    "batchnorm": mc.BatchNorm,
    "conv-batchnorm": lambda: mc.Chain(mc.Dense(3), mc.BatchNorm(), mc.Tanh()),
    "large-offset": lambda: Affine(1e6, 1e-3),
    "larger-offset": lambda: Affine(1e12, 1e-3),
    "small-slope": lambda: Affine(0.0, 1e-12),
}
MEASURABLE = [name for name in LAYERS if name != "larger-offset"]  # 1e-3 beside 1e12 is not


def times(make, factor):
    """The layer with every gradient taken ``factor`` times."""
    layer = make()

    class Changed:
        def __init__(self):
            self.layer = layer
            self.params, self.state = layer.params, layer.state
            self.input_shape = None

        def build(self, input_shape, rng):
            self.layer.build(input_shape, rng)
            self.layer.astype(np.float64)
            self.params, self.state = self.layer.params, self.layer.state

        def forward(self, x, training=False):
            return self.layer.forward(x, training)

        def backward(self, dy, cache):
            dx, grads = self.layer.backward(dy, cache)
            return factor * dx, {key: factor * g for key, g in grads.items()}

        def astype(self, dtype):
            return self

    return Changed()


points = st.tuples(
    st.sampled_from(sorted(LAYERS)),
    st.sampled_from([0.0, 3.0, 16.0, 20.0, 30.0, 40.0, -20.0, 1e3, 1e8]),
    st.sampled_from([1e-8, 1e-3, 1.0, 30.0, 1e4]),
    st.integers(0, 10_000),
    st.booleans(),
)


def point(centre, spread, seed):
    return centre + spread * np.random.default_rng(seed).standard_normal((4, 3))


@given(points)
@examples(150)
def test_a_right_gradient_is_never_called_wrong(case):
    name, centre, spread, seed, training = case
    with suppress(mc.UnprovableError, mc.KinkError):
        mc.gradcheck(LAYERS[name](), point(centre, spread, seed), training, seed=seed)


@given(points, st.sampled_from([-1.0, 1 + 1e-3, 1 - 1e-3, 2.0, 1e3]))
@examples(150)
def test_a_wrong_gradient_is_never_called_right(case, factor):
    name, centre, spread, seed, training = case
    x = point(centre, spread, seed)
    layer = times(LAYERS[name], factor)
    try:
        report = mc.gradcheck(layer, x, training, seed=seed)
    except (mc.GradientError, mc.UnprovableError, mc.KinkError):
        return
    for row in report.rows:  # zero, however often it is taken, is still right; so are its crumbs
        nothing = abs(row.analytic) < np.finfo(np.float64).tiny  # not even a normal number
        assert nothing or (name == "conv-batchnorm" and row.error == 0), row


@pytest.mark.parametrize("name", MEASURABLE)
@pytest.mark.parametrize("factor", [-1.0, 1 + 1e-3])
def test_at_ordinary_points_there_is_always_an_answer(name, factor):
    x = point(0.0, 1.0, 1)
    mc.gradcheck(LAYERS[name](), x)
    with pytest.raises(mc.GradientError):
        mc.gradcheck(times(LAYERS[name], factor), x)


def test_what_drowns_is_called_unprovable():
    for factor in (1.0, -1.0):
        with pytest.raises(mc.UnprovableError, match="drowns in rounding, and nothing can be prov"):
            mc.gradcheck(times(mc.Sigmoid, factor), point(34.0, 0.5, 0))


def test_a_wrong_sign_beside_a_huge_loss_is_found():
    x, y = point(0.0, 1.0, 0), np.full((4, 3), 1e9)
    mc.gradcheck(mc.Chain(Affine()), x, loss="mse", y=y)

    class Negated(Affine):
        def backward(self, dy, cache):
            return -dy, {}

    with pytest.raises(mc.GradientError, match="a wrong sign"):
        mc.gradcheck(mc.Chain(Negated()), x, loss="mse", y=y)


@pytest.mark.parametrize("full", [False, True])
def test_a_gradient_of_zero_is_right(full):
    hidden_bias = mc.Chain(mc.Dense(3), mc.BatchNorm())  # the mean takes any bias away again
    mc.gradcheck(hidden_bias, point(0.0, 1.0, 0), training=True, full=full)
    mc.gradcheck(mc.ReLU(), -1 - point(0.0, 1.0, 0) ** 2, full=full)
    dead = mc.Chain(mc.ReLU(), mc.Dense(2))
    mc.gradcheck(dead, -1 - point(0.0, 1.0, 0) ** 2, full=full)


def test_a_zero_that_is_forgotten_is_wrong():
    for name in ("sigmoid", "tanh", "dense", "large-offset", "small-slope"):
        with pytest.raises(mc.GradientError):
            mc.gradcheck(times(LAYERS[name], 0.0), point(0.0, 1.0, 3))


def line(f):
    return Line(lambda h: np.array([f(h)]), np.ones(1), np.array([f(0.0)]))


def judged(f, claimed):
    return line(f).judge(claimed, abs(claimed), 1e-6, 1e-6, lambda: claimed == 0)


@given(st.floats(0.1, 10), st.floats(0, 1e6), st.sampled_from([1.0, -1.0]))
def test_longer_steps_see_a_slope_beneath_the_rounding(slope, offset, sign):
    verdict = judged(lambda h: offset + np.sin(slope * h), sign * slope)
    assert verdict.right == (sign > 0)
    assert verdict.allowed <= 1e-6 + 1e-4
    assert verdict.slope == pytest.approx(slope, rel=1e-4)


def test_a_kink_has_no_slope_and_a_step_none_that_can_be_seen():
    with pytest.raises(KinkedError):
        judged(abs, 0.5)
    with pytest.raises(DrownedError):
        judged(lambda h: 1.0 + 1e-18 * h, 1e-18)


def test_one_kink_here_among_many_nearby_is_no_wrong_gradient():
    x = np.r_[0.0, np.random.default_rng(0).standard_normal(20_000)][None]
    with pytest.raises(mc.KinkError):
        mc.gradcheck(mc.ReLU(), x)


def test_a_gradient_whose_square_is_no_number_any_more_is_not_zero():
    x = np.array([[-700.0, 700.0]])
    mc.gradcheck(mc.ReLU(), x)
    with pytest.raises((mc.UnprovableError, mc.GradientError)):
        mc.gradcheck(times(mc.Sigmoid, -1.0), x)


def test_digits_that_a_batchnorm_must_lose_are_no_cast():
    x = point(1000.0, 1e-8, 1664)
    with suppress(mc.UnprovableError):
        mc.gradcheck(LAYERS["conv-batchnorm"](), x, training=True, seed=1664)
