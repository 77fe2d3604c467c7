"""Runs of steps become segments: one value in, one value out, nothing left over."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.engine.parts.branches import Same
from minicnn.engine.parts.layer import LayerPart
from minicnn.engine.parts.segment import Segment
from minicnn.engine.plan.steps import Step
from minicnn.engine.planner.planner import plan_for
from minicnn.engine.planner.purpose import Purpose
from minicnn.engine.planner.segments import in_segments
from tests.engine.networks import networks


def plan_of(network, training):
    return plan_for(network, Purpose(training, True, np.dtype(np.float64), False))


@given(networks(), st.booleans())
def test_every_segment_is_a_plan_of_its_own(network, training):
    plan = plan_of(network, training)
    for number, (part, reads) in plan.numbered:
        assert all(i < number for i in reads)  # nothing is read before it is made
        if isinstance(part, Segment):
            assert part.plan.dtype == plan.dtype
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


def steps_of(*kinds_and_reads):
    """Steps by hand: "b" may go block by block, "w" needs the whole batch, "s" is no work."""
    layer = mc.Tanh()
    layer.build((2,), np.random.default_rng(0))
    return [
        Step(Same() if kind == "s" else LayerPart(layer, "", by_block=kind == "b"), reads)
        for kind, *reads in kinds_and_reads
    ]


def grouped(*kinds_and_reads):
    steps = [Step(part, tuple(reads)) for part, reads in steps_of(*kinds_and_reads)]
    plan = in_segments(steps, [(2,)] * (len(steps) + 1), np.dtype("f4"))
    return [(len(list(part.inner())), reads) for part, reads in plan.steps]


def test_a_segment_reads_one_value():
    """The last step reads two from outside: it stands alone."""
    assert grouped(("w", 0), ("b", 0, 1)) == [(0, (0,)), (0, (0, 1))]
    assert grouped(("w", 0), ("b", 1), ("b", 0, 2)) == [(0, (0,)), (1, (1,)), (0, (0, 2))]


def test_only_the_last_value_of_a_segment_is_read_outside():
    """Value 1 is read by the last step, which needs the whole batch: a segment ends with it."""
    assert grouped(("b", 0), ("b", 1), ("w", 1, 2)) == [(1, (0,)), (1, (1,)), (0, (1, 2))]


def test_branches_of_blocks_are_one_segment():
    assert grouped(("b", 0), ("b", 1), ("s", 1), ("b", 2, 3), ("b", 4)) == [(5, (0,))]


def test_where_there_is_no_work_there_is_no_segment():
    assert grouped(("w", 0), ("s", 0), ("w", 1, 2)) == [(0, (0,)), (0, (0,)), (0, (1, 2))]
