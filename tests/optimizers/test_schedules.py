import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc

steps = st.integers(0, 1000)


@given(step=steps, decay_steps=st.integers(1, 100), rate=st.floats(0.1, 1))
def test_exponential_decay(step, decay_steps, rate):
    smooth = mc.ExponentialDecay(0.5, decay_steps, rate)
    stairs = mc.ExponentialDecay(0.5, decay_steps, rate, staircase=True)
    assert smooth(step) == pytest.approx(0.5 * rate ** (step / decay_steps))
    assert stairs(step) == pytest.approx(0.5 * rate ** (step // decay_steps))


def test_cosine_decay_by_hand():
    rate = mc.CosineDecay(1.0, decay_steps=100, alpha=0.1)
    assert rate(0) == pytest.approx(1.0)
    assert rate(50) == pytest.approx(0.55)  # half way between 1 and 0.1
    assert rate(25) == pytest.approx(0.1 + 0.9 * (1 + math.sqrt(0.5)) / 2)
    assert rate(100) == pytest.approx(0.1)
    assert rate(10_000) == pytest.approx(0.1)


def test_cosine_decay_after_a_climb():
    rate = mc.CosineDecay(0.0, decay_steps=100, warmup_target=1.0, warmup_steps=10)
    assert [rate(step) for step in (0, 5, 10)] == pytest.approx([0, 0.5, 1.0])
    assert rate(60) == pytest.approx(0.5)  # the fall is counted from the top
    assert rate(110) == pytest.approx(0)


@given(step=steps)
def test_cosine_decay_falls_and_never_rises(step):
    rate = mc.CosineDecay(0.3, decay_steps=400, alpha=0.2)
    assert 0.2 * 0.3 - 1e-12 <= rate(step + 1) <= rate(step) <= 0.3


def test_piecewise_constants_change_after_their_boundary():
    rate = mc.PiecewiseConstantDecay([2, 5], [1.0, 0.1, 0.01])
    assert [rate(step) for step in range(8)] == [1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01]


@pytest.mark.parametrize("make", [mc.SGD, mc.RMSprop, mc.Adam, mc.AdamW])
def test_an_optimizer_asks_its_schedule_before_every_step(make):
    asked = []

    def schedule(step):
        asked.append(step)
        return 0.1 / (step + 1)

    optimizer = make(schedule)
    fixed, p, q = make(0.1), np.ones(2), np.ones(2)
    optimizer.apply({"w": p}, {"w": np.ones(2)})
    fixed.apply({"w": q}, {"w": np.ones(2)})
    np.testing.assert_array_equal(p, q)
    optimizer.apply({"w": p}, {"w": np.ones(2)})
    assert asked == [0, 1]
    assert optimizer.current_learning_rate() == pytest.approx(0.1 / 3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: mc.ExponentialDecay("a", 10, 0.5),
        lambda: mc.ExponentialDecay(-1, 10, 0.5),
        lambda: mc.ExponentialDecay(0.1, 10, 0),
        lambda: mc.CosineDecay(float("inf"), 10),
        lambda: mc.CosineDecay(0.1, 10, alpha=-1),
        lambda: mc.CosineDecay(0.1, 10, warmup_target="b", warmup_steps=2),
        lambda: mc.PiecewiseConstantDecay([10, 5], [1, 2, 3]),
        lambda: mc.PiecewiseConstantDecay([5], [1, -2]),
    ],
)
def test_arguments_that_make_no_schedule(make):
    with pytest.raises(mc.ConfigError, match=r"Decay: expected .*, got "):
        make()
