"""``check_optimizer``: the library's rules pass, one of a user's own passes, broken ones fail."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.testing import check_optimizer

OURS = {
    "SGD": mc.SGD,
    "momentum": lambda: mc.SGD(0.01, 0.9),
    "Nesterov": lambda: mc.SGD(0.01, 0.9, nesterov=True),
    "RMSprop": mc.RMSprop,
    "RMSprop, centred": lambda: mc.RMSprop(momentum=0.5, centered=True),
    "Adam": mc.Adam,
    "AdamW": mc.AdamW,
    "a schedule": lambda: mc.Adam(mc.ExponentialDecay(1e-3, 10, 0.5)),
}


@pytest.mark.parametrize("ours", OURS)
@given(seed=st.integers(0, 10**6))
def test_our_own_rules_keep_every_promise(ours, seed):
    check_optimizer(OURS[ours], seed=seed)


class Momentum(mc.Optimizer):
    """A heavy ball, as a user would write it."""

    slots = ("v",)
    elementwise = True

    def __init__(self, learning_rate=0.01, friction=0.1):
        super().__init__(learning_rate)
        self.friction = friction

    def update(self, p, g, slots, lr, step, ops):
        (v,) = slots
        v *= 1 - self.friction
        v += g
        p -= lr * v


class Normalised(mc.Optimizer):
    """A rule that looks at the whole array, and says so by saying nothing."""

    def update(self, p, g, slots, lr, step, ops):
        p -= lr * g / ops.xp.sqrt((g * g).sum())


@pytest.mark.parametrize("make", [Momentum, lambda: Normalised(0.1)])
def test_a_rule_of_one_s_own_passes(make):
    assert check_optimizer(make).subject in ("Momentum", "Normalised")


class NotInPlace(Momentum):
    def update(self, p, g, slots, lr, step, ops):
        p = p - lr * g


class Rebinds(Momentum):
    def apply(self, params, grads):
        for path, g in grads.items():
            params[path] = params[path] - 0.01 * g
        self.begin_step()


class DoesNotCount(Momentum):
    def begin_step(self):
        return 0.01, 1


class InDoubles(Momentum):
    def slots_of(self, path, p):
        self.memory.setdefault(path, {"v": np.zeros(p.shape)})
        return tuple(self.memory[path].values())


class DividesByNothing(Momentum):
    def update(self, p, g, slots, lr, step, ops):
        with np.errstate(all="ignore"):
            p -= lr * g / slots[0]


class ClipsInPlace(Momentum):
    def update(self, p, g, slots, lr, step, ops):
        np.clip(g, -1, 1, out=g)
        super().update(p, g, slots, lr, step, ops)


class Uphill(Momentum):
    def update(self, p, g, slots, lr, step, ops):
        p += lr * g


class OneMemoryForAll(Momentum):
    slots = ()
    mean = 1.0

    def update(self, p, g, slots, lr, step, ops):
        self.mean = 0.9 * self.mean + 0.1 * float((g * g).mean())
        p -= lr * g / self.mean


class MovesEverything(Momentum):
    def apply(self, params, grads):
        super().apply(params, grads)
        for p in params.values():
            p *= 0.999


class UsesItsOwnRate(Momentum):
    def update(self, p, g, slots, lr, step, ops):
        p -= 0.01 * g


class DecaysAtAnyRate(Momentum):
    def update(self, p, g, slots, lr, step, ops):
        p *= 0.99
        super().update(p, g, slots, lr, step, ops)


class FirstRateForEver(Momentum):
    rate = None

    def update(self, p, g, slots, lr, step, ops):
        self.rate = self.rate or lr
        super().update(p, g, slots, self.rate, step, ops)


class KnowsASchedule(Momentum):
    def update(self, p, g, slots, lr, step, ops):
        lr = 0.9 * lr if callable(self.learning_rate) else lr
        super().update(p, g, slots, lr, step, ops)


class SaysElementwise(Normalised):
    elementwise = True

    def update(self, p, g, slots, lr, step, ops):
        super().update(p, g, slots, lr, step, ops)


class ReadsTheBuffer(Momentum):
    def update(self, p, g, slots, lr, step, ops):
        p -= lr * g.ravel(order="K").reshape(p.shape)


class CountsByItself(Momentum):
    calls = 0

    def apply(self, params, grads):
        self.calls += 1
        super().apply(params, grads)

    def update(self, p, g, slots, lr, step, ops):
        p -= lr * g / self.calls


class HidesASetting(Momentum):
    def __init__(self, learning_rate=0.01, friction=0.1, boost=2.0):
        super().__init__(learning_rate, friction)
        self.factor = boost


class ForgetsASetting(Momentum):
    def config(self):
        return {"learning_rate": self.learning_rate}


BROKEN = {
    NotInPlace: (NotInPlace, r"conv2d_1/W to move in its own array; write p -="),
    Rebinds: (Rebinds, "in its own array"),
    DoesNotCount: (DoesNotCount, "Expected 5 steps to be counted, got 0"),
    InDoubles: (InDoubles, r"v of conv2d_1/W .* float32, got .* float64"),
    DividesByNothing: (DividesByNothing, "NaN or infinity"),
    ClipsInPlace: (ClipsInPlace, "gradient of .* was changed"),
    Uphill: (Uphill, "a wrong sign"),
    OneMemoryForAll: (OneMemoryForAll, "when it is alone"),
    MovesEverything: (MovesEverything, "has moved"),
    UsesItsOwnRate: (UsesItsOwnRate, "rate of 0 moved"),
    DecaysAtAnyRate: (DecaysAtAnyRate, "rate of 0 moved"),
    FirstRateForEver: (FirstRateForEver, "Half the learning rate"),
    KnowsASchedule: (KnowsASchedule, "follows a schedule otherwise"),
    SaysElementwise: (lambda: SaysElementwise(0.1), "in two pieces"),
    ReadsTheBuffer: (ReadsTheBuffer, "Fortran's order"),
    CountsByItself: (CountsByItself, "After a resume"),
    HidesASetting: (HidesASetting, "as an attribute of its name, got: .*boost"),
    ForgetsASetting: (lambda: ForgetsASetting(friction=0.5), "made of the same settings"),
}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda kind: kind.__name__)
def test_a_broken_promise_is_named(broken):
    make, says = BROKEN[broken]
    with pytest.raises(mc.ConformanceError, match=f"{broken.__name__} breaks a promise.*{says}"):
        check_optimizer(make)


class Unbegun(mc.Optimizer):
    def __init__(self):
        pass

    def update(self, p, g, slots, lr, step, ops):
        pass


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (mc.SGD(), r"a function that makes a fresh optimizer.*lambda: SGD"),
        (dict, "expected an Optimizer.*got dict"),
        (Unbegun, r"super\(\).__init__"),
    ],
)
def test_what_is_no_maker_of_optimizers_is_told_so(given, says):
    with pytest.raises(mc.ConfigError, match=says):
        check_optimizer(given)
