"""``check_loss``: the library's losses pass, one of a user's own passes, and broken ones fail."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.testing import check_loss


def class_numbers(rng, shape):
    return rng.integers(0, shape[-1], shape[:-1])


OURS = {
    "binary": (mc.BinaryCrossentropy, None),
    "binary from logits": (lambda: mc.BinaryCrossentropy(from_logits=True), None),
    "categorical": (mc.CategoricalCrossentropy, None),
    "categorical from logits": (lambda: mc.CategoricalCrossentropy(from_logits=True), None),
    "sparse": (mc.SparseCategoricalCrossentropy, class_numbers),
    "sparse from logits": (lambda: mc.SparseCategoricalCrossentropy(True), class_numbers),
    "squares": (mc.MeanSquaredError, None),
}


@pytest.mark.parametrize("ours", OURS)
@given(units=st.integers(2, 4), seed=st.integers(0, 10**6))
def test_our_own_losses_keep_every_promise(ours, units, seed):
    make, labels = OURS[ours]
    check_loss(make, units=units, labels=labels, seed=seed)


@pytest.mark.parametrize("make", [mc.BinaryCrossentropy, mc.MeanSquaredError])
def test_with_a_single_output(make):
    check_loss(make, units=1)


class LogCosh(mc.Loss):
    """log cosh of the distance: a square near 0, a line far away; as a user would write it."""

    def each(self, y_pred, y_true, ops):
        return ops.xp.log(ops.xp.cosh(y_pred - y_true)).mean(axis=-1)

    def slope(self, y_pred, y_true, ops):
        return ops.xp.tanh(y_pred - y_true) / y_pred.shape[-1]


def test_a_loss_of_one_s_own_passes():
    assert check_loss(LogCosh).subject == "LogCosh"


class Scaled(LogCosh):
    def slope(self, y_pred, y_true, ops):
        return 0.999 * super().slope(y_pred, y_true, ops)


class WrongSign(LogCosh):
    def slope(self, y_pred, y_true, ops):
        return -super().slope(y_pred, y_true, ops)


class NoMean(LogCosh):
    def slope(self, y_pred, y_true, ops):
        return super().slope(y_pred, y_true, ops) * y_pred.shape[-1]


class Centres(LogCosh):
    """Each sample's loss depends on the others."""

    def each(self, y_pred, y_true, ops):
        each = super().each(y_pred, y_true, ops)
        return each + (each - each.mean()) ** 2


class WritesIntoPredictions(LogCosh):
    def each(self, y_pred, y_true, ops):
        value = super().each(y_pred, y_true, ops)
        y_pred -= y_true
        return value


class WritesIntoLabels(LogCosh):
    def check(self, y_pred, y_true, ops):
        y_true += 0.0 * y_true + 1
        return super().check(y_pred, y_true, ops)


class Remembers(LogCosh):
    def each(self, y_pred, y_true, ops):
        self.distance = y_pred - y_true
        return super().each(y_pred, y_true, ops)

    def slope(self, y_pred, y_true, ops):
        return ops.xp.tanh(self.distance) / y_pred.shape[-1]


class Counts(LogCosh):
    calls = 0

    def each(self, y_pred, y_true, ops):
        self.calls += 1
        return super().each(y_pred, y_true, ops)


class InDoubles(LogCosh):
    def each(self, y_pred, y_true, ops):
        return super().each(y_pred.astype(np.float64), y_true, ops)


class FirstAxisOnly(LogCosh):
    """Forgets that there may be a label for every pixel."""

    def forward(self, y_pred, y_true, weight=None):
        value, cache = super().forward(y_pred, y_true, weight)
        return value * (y_pred.size / y_pred.shape[-1] / len(y_pred)), cache

    def backward(self, cache):
        y_pred = cache["y_pred"]
        return super().backward(cache) * (y_pred.size / y_pred.shape[-1] / len(y_pred))


class IgnoresWeights(LogCosh):
    def forward(self, y_pred, y_true, weight=None):
        return super().forward(y_pred, y_true)


class WeightsTheValueOnly(LogCosh):
    def forward(self, y_pred, y_true, weight=None):
        value, _ = super().forward(y_pred, y_true, weight)
        return value, super().forward(y_pred, y_true)[1]


class ReadsTheBuffer(LogCosh):
    """As if every array lay in C order."""

    def each(self, y_pred, y_true, ops):
        return super().each(y_pred.ravel(order="K").reshape(y_pred.shape), y_true, ops)

    def slope(self, y_pred, y_true, ops):
        return super().slope(y_pred.ravel(order="K").reshape(y_pred.shape), y_true, ops)


class Unchecked(LogCosh):
    def check(self, y_pred, y_true, ops):
        return ops.asarray(y_true).astype(y_pred.dtype)


class Repeats(LogCosh):
    """Makes labels fit that don't."""

    def check(self, y_pred, y_true, ops):
        return super().check(y_pred, np.resize(y_true, y_pred.shape), ops)


class Overflows(mc.BinaryCrossentropy):
    """From logits in two steps: log of a sigmoid."""

    def each(self, y_pred, y_true, ops):
        if not self.from_logits:
            return super().each(y_pred, y_true, ops)
        with np.errstate(all="ignore"):
            p = ops.sigmoid(y_pred)
            return -(y_true * np.log(p) + (1 - y_true) * np.log(1 - p)).mean(axis=-1)


class AnotherOnLogits(mc.BinaryCrossentropy):
    def each(self, y_pred, y_true, ops):
        return super().each(y_pred, y_true, ops) * (1.01 if self.from_logits else 1)

    def slope(self, y_pred, y_true, ops):
        return super().slope(y_pred, y_true, ops) * (1.01 if self.from_logits else 1)


BROKEN = {
    Scaled: (mc.GradientError, "Scaled: the gradient of x is wrong"),
    WrongSign: (mc.GradientError, "a wrong sign"),
    NoMean: (mc.GradientError, "NoMean"),
    Centres: (mc.GradientError, "Centres"),
    WritesIntoPredictions: (mc.ConformanceError, "The predictions were changed"),
    WritesIntoLabels: (mc.ConformanceError, "The labels were changed"),
    Remembers: (mc.ConformanceError, "nothing stays behind"),
    Counts: (mc.ConformanceError, "changed the loss's attributes"),
    InDoubles: (mc.ConformanceError, "a value in float32 .* got float64"),
    FirstAxisOnly: (mc.ConformanceError, "any leading shape is a longer batch"),
    IgnoresWeights: (mc.ConformanceError, "The weighted loss"),
    WeightsTheValueOnly: (mc.ConformanceError, "The weighted slope"),
    ReadsTheBuffer: (mc.ConformanceError, "differs for a Fortran-ordered array"),
    Unchecked: (mc.ConformanceError, "labels that do not fit .* got ValueError"),
    Repeats: (mc.ConformanceError, "labels of two samples fewer, got a loss"),
    Overflows: (mc.ConformanceError, "finite numbers for logits"),
    AnotherOnLogits: (mc.ConformanceError, "from logits as from probabilities"),
}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda kind: kind.__name__)
def test_a_broken_promise_is_named(broken):
    kind, says = BROKEN[broken]
    with pytest.raises(kind, match=says):
        check_loss(broken)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (LogCosh(), r"a function that makes a fresh loss.*lambda: LogCosh"),
        (dict, "expected a Loss, got dict"),
    ],
)
def test_what_is_no_maker_of_losses_is_told_so(given, says):
    with pytest.raises(mc.ConfigError, match=says):
        check_loss(given)
