"""Where steps can be cut in two, and how many samples go through them together."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.engine import engine_options
from minicnn.engine.parts.cutting import block_count, narrows, units
from minicnn.engine.plan.steps import Step
from minicnn.engine.planner.planner import plan_for
from minicnn.engine.planner.purpose import Purpose


@given(st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=3), min_size=1, max_size=12))
def test_at_a_narrow_only_the_last_value_is_read_from_there_on(drawn):
    reads = [[i % (k + 1) for i in its] for k, its in enumerate(drawn)]
    steps = [Step(None, tuple(its)) for its in reads]
    found = narrows(steps, inputs=1)
    for k in range(len(steps) + 1):
        crossing = {i for its in reads[k:] for i in its if i <= k}
        assert (k in found) == (crossing <= {k})


def segment(*layers, shape):
    chain = mc.Chain(*layers)
    chain.build(shape, np.random.default_rng(0))
    (step,) = plan_for(chain, Purpose(True, True, np.dtype(np.float32), False)).steps
    return step.part.plan


def test_branches_are_one_unit_from_where_they_part_to_where_they_meet():
    branches = mc.Residual(mc.Chain(mc.Conv2D(4, 3, padding=1), mc.ReLU(), mc.Conv2D(4, 1)))
    plan = segment(mc.Conv2D(4, 3), branches, mc.ReLU(), shape=(10, 10, 3))
    assert [len(unit) for unit in units(plan.steps, 1)] == [1, 4, 1]


def test_a_small_batch_is_one_block_and_a_large_one_an_even_number():
    plan = segment(mc.Conv2D(16, 3, activation="relu"), mc.MaxPool2D(2), shape=(150, 150, 3))
    small = segment(mc.Conv2D(4, 3), shape=(6, 6, 1))
    assert block_count(8, small, 4) == 1
    for n in range(1, 70):
        count = block_count(n, plan, 4)
        assert count <= n
        assert count % 2 == 0 or count == n
    assert block_count(20, plan, 4) == 20
    with engine_options(block=3):
        assert block_count(20, plan, 4) == 7
