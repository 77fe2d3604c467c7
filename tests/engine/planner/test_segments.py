"""Runs of steps become segments: one value in, one value out, nothing left over."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.engine.parts.segment import Segment
from minicnn.engine.planner.planner import plan_for
from minicnn.engine.planner.purpose import Purpose
from tests.engine.networks import networks


def plan_of(network, training):
    return plan_for(network, Purpose(training, True, np.dtype(np.float64), False))


@given(networks(), st.booleans())
def test_every_segment_is_a_plan_of_its_own(network, training):
    plan = plan_of(network, training)
    for number, (part, reads) in plan.numbered():
        assert all(i < number for i in reads)  # nothing is read before it is made
        if isinstance(part, Segment):
            assert part.plan.inputs == 1
            assert len(reads) == 1
            assert part.plan.outputs == (len(part.plan.steps),)
            assert all(inner.by_block for inner in part.inner())
        else:
            assert not part.by_block or type(part).__name__ == "Same"


@given(networks(), st.booleans())
def test_every_value_but_the_last_is_read(network, training):
    plan = plan_of(network, training)
    for its_plan in [plan, *[part.plan for part, _ in plan.steps if isinstance(part, Segment)]]:
        assert all(its_plan.readers[:-1])
        assert its_plan.readers[-1] == []


def test_a_segment_ends_where_blocks_should_be_much_larger():
    chain = mc.Chain(
        mc.Conv2D(8, 3, activation="relu"), mc.MaxPool2D(8), mc.Conv2D(8, 3, activation="relu")
    )
    chain.build((146, 146, 3), np.random.default_rng(0))
    first, second = plan_of(chain, True).steps
    assert [len(list(step.part.inner())) for step in (first, second)] == [1, 1]
