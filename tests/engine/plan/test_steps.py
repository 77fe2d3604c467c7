"""The two walks: every value once, gradients in the order of the readers, nothing for nobody."""

import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicnn.engine.memory.recording import Workspace
from minicnn.engine.plan.samples import Samples
from minicnn.engine.plan.steps import Part, Plan, Step, backward, forward


class Heap(Samples):
    """Samples whose memory is fresh each time."""

    @property
    def moment(self):
        return False

    def room(self, part, name, shape, dtype, keep=False):
        return np.empty(shape, dtype)

    def each(self, part, name, work, into, *arrays):
        work(Workspace(), *into, *arrays)

    def call(self, work):
        work()

    def fresh(self, make, place):
        return make()

    def cache_of(self, part):
        return self.caches[part.number]

    def add_gradient(self, path, gradient, recorded=True):
        self.notes.setdefault("gradients", {})[path] = gradient


class Weighted(Part):
    """y = Σ wᵢ xᵢ; it can learn if it is told so."""

    def __init__(self, *weights, learns=0):
        self.weights, self.learns, self.asked = weights, learns, []

    def forward(self, samples, *xs):
        samples.notes.setdefault("order", []).append(self)
        return sum(w * x for w, x in zip(self.weights, xs, strict=True))

    infer = forward

    def backward(self, samples, dy, need_dx):
        self.asked.append((dy, need_dx))
        return tuple(w * dy for w in self.weights) if need_dx else ()

    def size(self):
        return self.learns


ONE = np.ones(1)


@st.composite
def plans(draw):
    """Any plan of up to eight steps, each of which reads one to three earlier values."""
    inputs = draw(st.integers(1, 2))
    steps = []
    for k in range(draw(st.integers(1, 8))):
        reads = draw(st.lists(st.integers(0, inputs + k - 1), min_size=1, max_size=3))
        weights = draw(st.lists(st.integers(-3, 3), min_size=len(reads), max_size=len(reads)))
        steps.append(
            Step(Weighted(*map(float, weights), learns=draw(st.integers(0, 1))), tuple(reads))
        )
    outputs = draw(st.sets(st.integers(0, inputs + len(steps) - 1), min_size=1, max_size=2))
    return Plan(steps, inputs, tuple(sorted(outputs)))


def slopes_by_hand(plan):
    """d(sum of the outputs)/d(each value), from the definition: by all paths."""
    slopes = [float(plan.outputs.count(i)) for i in range(plan.inputs + len(plan.steps))]
    for number, step in reversed(plan.numbered):
        for i, w in zip(step.reads, step.part.weights, strict=True):
            slopes[i] += w * slopes[number]
    return slopes


@given(plans())
def test_forward_and_backward_of_any_plan(plan):
    xs = [np.array([2.0 + i]) for i in range(plan.inputs)]
    values = list(xs)
    for step in plan.steps:
        values.append(
            sum(w * values[i] for w, i in zip(step.part.weights, step.reads, strict=True))
        )
    samples = Heap()
    for keep in (True, False):
        ys = forward(plan, xs, samples, keep)
        np.testing.assert_array_equal(ys, [values[i] for i in plan.outputs])
    assert samples.notes["order"][: len(plan.steps)] == [step.part for step in plan.steps]
    dxs = backward(plan, [ONE] * len(ys), samples, need_dx=True)
    slopes = slopes_by_hand(plan)
    for i in range(plan.inputs):
        assert float(dxs.get(i, np.zeros(1))[0]) == slopes[i]


@given(plans())
def test_nobody_is_asked_for_what_nobody_needs(plan):
    """Without dx the walk ends at the lowest step that learns, on every path."""
    forward(plan, [ONE] * plan.inputs, Heap(), keep=True)
    assert backward(plan, [ONE] * len(plan.outputs), Heap(), need_dx=False) == {}
    for number, step in plan.numbered:
        below = [plan.learns[i] for i in step.reads]
        assert plan.learns[number] == (step.part.learns > 0 or any(below))
        if not plan.learns[number]:
            assert step.part.asked == []
        for _, need_dx in step.part.asked:
            assert need_dx == any(below)


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 3, 1)])
def test_a_value_adds_up_in_the_order_of_its_readers(order):
    """(1 + 1e16) - 1e16 is 0 and 1 + (1e16 - 1e16) is 1: the order shows."""
    weights = {1: 1.0, 2: 1e16, 3: -1e16}
    steps = [Step(Weighted(weights[k]), (1,)) for k in order]
    plan = Plan(
        [Step(Weighted(1.0, learns=1), (0,)), *steps, Step(Weighted(1.0, 1.0, 1.0), (2, 3, 4))]
    )
    forward(plan, [ONE], Heap(), keep=True)
    backward(plan, [ONE], Heap(), need_dx=False)
    first, second, third = (weights[k] for k in order)
    ((dy, _),) = plan.steps[0].part.asked
    assert dy[0] == (first + second) + third


def test_one_step_may_read_a_value_twice():
    plan = Plan([Step(Weighted(2.0, 5.0), (0, 0))])
    (y,) = forward(plan, [ONE], Heap(), keep=True)
    assert y[0] == 7
    assert backward(plan, [ONE], Heap(), need_dx=True)[0][0] == 7


def test_a_gradient_that_comes_alone_is_handed_on_as_it_is():
    """And nothing is ever added into it: it may be another's too."""
    both = Weighted(1.0, 1.0)
    both.backward = lambda samples, dy, need_dx: (dy, dy)
    ends = [Weighted(1.0, learns=1), Weighted(1.0, learns=1)]
    plan = Plan([Step(ends[0], (0,)), Step(ends[1], (1,)), Step(both, (1, 2))])
    dy = np.array([3.0])
    forward(plan, [ONE], Heap(), keep=True)
    backward(plan, [dy], Heap(), need_dx=False)
    assert ends[1].asked[0][0] is dy
    np.testing.assert_array_equal(ends[0].asked[0][0], [6.0])
    np.testing.assert_array_equal(dy, [3.0])


def test_a_value_is_dropped_once_nobody_will_read_it():
    alive = []

    class Watching(Weighted):
        def forward(self, samples, *xs):
            alive.append([reference() is not None for reference in made])
            y = np.array(super().forward(samples, *xs))
            made.append(weakref.ref(y))
            return y

        infer = forward

    made = []
    plan = Plan([Step(Watching(1.0), (k,)) for k in range(4)])
    forward(plan, [np.ones(3)], Heap(), keep=False)
    assert alive[3] == [False, False, True]


def test_a_part_that_forgets_a_gradient_is_found_out():
    class Forgets(Part):
        def forward(self, samples, *xs):
            return xs[0] + xs[1]

        infer = forward

        def backward(self, samples, dy, need_dx):
            return (dy,)

    plan = Plan([Step(Forgets(), (0, 1))], inputs=2)
    xs = [np.ones((3, 2)), np.ones((3, 2))]
    forward(plan, xs, Heap(), keep=True)
    with pytest.raises(ValueError, match="zip"):
        backward(plan, [np.ones((3, 2))], Heap(), need_dx=True)
