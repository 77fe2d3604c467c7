"""What stands between the network and the optimizer."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.training.gradients import changed
from tests.strategies import seeds, untouched

limits = st.floats(0.01, 10)


def drawn(seed):
    rng = np.random.default_rng(seed)
    scale = 10.0 ** rng.integers(-2, 2)
    return {path: rng.standard_normal((2, 3)) * scale for path in ("a/W", "a/b", "c/gamma")}


def length(grads):
    return math.sqrt(sum((g**2).sum() for g in grads.values()))


@given(seed=seeds, limit=limits)
def test_clip_norm_shortens_all_together_and_turns_none(seed, limit):
    grads = drawn(seed)
    with untouched(*grads.values()):
        clipped = mc.ClipNorm(limit)(grads, {})
    assert length(clipped) == pytest.approx(min(limit, length(grads)))
    for path, g in grads.items():
        np.testing.assert_allclose(clipped[path] / length(clipped), g / length(grads), rtol=1e-9)


@given(seed=seeds, limit=limits)
def test_clip_value_cuts_every_number(seed, limit):
    grads = drawn(seed)
    with untouched(*grads.values()):
        clipped = mc.ClipValue(limit)(grads, {})
    for path, g in grads.items():
        for before, after in zip(g.ravel(), clipped[path].ravel(), strict=True):
            assert after == max(-limit, min(limit, before))


def test_weight_decay_is_the_slope_of_the_squares_and_takes_kernels_only():
    rng = np.random.default_rng(0)
    params = {path: rng.standard_normal(3) for path in ("a/W", "a/b", "c/gamma", "c/beta")}
    zeros = {path: np.zeros(3) for path in params}
    with untouched(*params.values(), *zeros.values()):
        pulled = mc.WeightDecay(0.1)(zeros, params)

    def penalty(W):
        return 0.1 / 2 * (W**2).sum()

    for i in range(3):
        nudge = np.eye(3)[i] * 1e-6
        slope = (penalty(params["a/W"] + nudge) - penalty(params["a/W"] - nudge)) / 2e-6
        assert pulled["a/W"][i] == pytest.approx(slope)
    for path in ("a/b", "c/gamma", "c/beta"):
        np.testing.assert_array_equal(pulled[path], 0)


def test_float32_stays_float32():
    grads = {"a/W": np.full(4, 3, np.float32)}
    for step in (mc.ClipNorm(0.1), mc.ClipValue(0.1), mc.WeightDecay(0.1)):
        assert step(grads, grads)["a/W"].dtype == np.float32


def test_steps_are_taken_in_their_order():
    double = lambda grads, params: {path: 2 * g for path, g in grads.items()}  # noqa: E731
    grads = {"a/W": np.array([3.0])}
    assert changed(grads, {}, [double, mc.ClipValue(4.0)])["a/W"] == 4
    assert changed(grads, {}, [mc.ClipValue(4.0), double])["a/W"] == 6
    assert changed(grads, {}, []) is grads


def test_the_optimizer_gets_what_the_steps_leave():
    seen = []

    def look(grads, params):
        seen.append((sorted(grads), sorted(params)))
        return {path: g * 0 for path, g in grads.items()}

    model = mc.Sequential([mc.Dense(2), mc.BatchNorm(), mc.Dense(1)], input_shape=(3,))
    model.layers[0].trainable = False
    model.compile("sgd", "mse", gradients=[look])
    before = model.get_weights()
    model.train_on_batch(np.ones((4, 3)), np.arange(4))
    names = ["batchnorm_1/beta", "batchnorm_1/gamma", "dense_2/W", "dense_2/b"]
    assert seen == [(names, sorted(["dense_1/W", "dense_1/b", *names]))]
    for i, (old, new) in enumerate(zip(before, model.get_weights(), strict=True)):
        assert np.array_equal(old, new) or i in (4, 5)  # the running figures move all the same


@given(seed=seeds, limit=limits, exponent=st.integers(-44, 37))
def test_clip_norm_knows_lengths_whose_squares_no_float32_holds(seed, limit, exponent):
    grads = {path: (g * 10.0**exponent).astype(np.float32) for path, g in drawn(seed).items()}
    clipped = mc.ClipNorm(limit)(grads, {})
    exact = {path: g.astype(np.float64) for path, g in grads.items()}
    for path, g in mc.ClipNorm(limit)(exact, {}).items():
        assert clipped[path].dtype == np.float32
        np.testing.assert_allclose(clipped[path], g, rtol=1e-5, atol=1e-37)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_clip_norm_at_the_largest_and_the_smallest_number(dtype):
    most, least = np.finfo(dtype).max, np.finfo(dtype).smallest_subnormal
    clipped = mc.ClipNorm(1.0)({"a/W": np.array([most, -most, 0], dtype)}, {})
    np.testing.assert_allclose(clipped["a/W"], np.sqrt([0.5, 0.5, 0]) * [1, -1, 1], rtol=1e-6)
    tiny = {"a/W": np.array([least, 0], dtype), "b/W": np.zeros((0, 2), dtype)}
    assert mc.ClipNorm(1.0)(tiny, {}) is tiny
    assert mc.ClipNorm(1.0)({}, {}) == {}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_clip_norm_names_a_gradient_that_is_not_finite(bad):
    grads = {"a/W": np.ones(2), "b/W": np.array([1.0, bad])}
    with pytest.raises(mc.NotFiniteError, match=r"got NaN or infinity in that of 'b/W'"):
        mc.ClipNorm(1.0)(grads, {})


class Explodes(mc.ReLU):
    """Finite on the way there, and in one step not on the way back."""

    at = 2

    def forward(self, x, training=False):
        y, cache = super().forward(x, training)
        return y, cache | {"moment": training}

    def backward(self, dy, cache):
        dx, grads = super().backward(dy, cache)
        return (dx * np.nan if cache["moment"].step == self.at else dx), grads


def test_a_gradient_that_is_not_finite_moves_and_counts_nothing():
    x, y = np.random.default_rng(0).standard_normal((12, 3)), np.arange(12) % 2

    def run(x, y, **options):
        layers = [mc.Dense(4), Explodes(), mc.Dense(1, activation="sigmoid")]
        model = mc.Sequential(layers, input_shape=(3,))
        model.compile(mc.Adam(0.1), "binary_crossentropy", gradients=[mc.ClipNorm(0.1)])
        return model, model.fit(x, y, batch_size=4, shuffle=False, verbose=0, **options)

    says = r"epoch 1, step 3: ClipNorm: .* the weights are those from before this step"
    ended = mc.TerminateOnNaN()
    with pytest.warns(RuntimeWarning, match=says):
        model, _ = run(x, y, callbacks=[ended])
    healthy, history = run(x[:8], y[:8])
    for one, other in zip(model.get_weights(), healthy.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert model.optimizer.step_count == healthy.optimizer.step_count == 2
    assert model.trainer.run.figures.loss.value == history.history["loss"][0]
