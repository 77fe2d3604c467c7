"""The conformance suite for optimizers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn.arguments import whole
from minicnn.backends import current_ops, ops_for
from minicnn.errors import ConfigError
from minicnn.optimizers import Optimizer
from minicnn.randomness import generator
from minicnn.testing.promises import ConformanceReport, Promises, close, same
from minicnn.typing import Params

SHAPES = {"conv2d_1/W": (2, 3, 1, 2), "dense_1/W": (4, 3), "dense_1/b": (3,)}


@dataclass(frozen=True)
class OptimizerCase:
    """An optimizer to be checked: how to make one, and how far it walks."""

    make_optimizer: Callable[[], Any]
    steps: int
    seed: int

    def params(self, dtype: Any = np.float64) -> Params:
        """Parameters of a small network, where new arrays live."""
        return self._drawn("parameters", 0, dtype)

    def grads(self, step: int, dtype: Any = np.float64) -> Params:
        """Their gradients at a step, of sizes from small to large."""
        return self._drawn("gradients", step, dtype, 10.0 ** (step % 4 - 2))

    def _drawn(self, what: str, number: int, dtype: Any, scale: float = 1.0) -> Params:
        rng = generator(self.seed, "testing", "optimizer", what, number)
        drawn = {path: scale * rng.standard_normal(shape) for path, shape in SHAPES.items()}
        return {path: current_ops().asarray(a, dtype) for path, a in drawn.items()}

    def walked(
        self, optimizer: Any, params: Params, first: int = 0, steps: int | None = None
    ) -> Params:
        """The parameters after some steps."""
        for step in range(first, first + (self.steps if steps is None else steps)):
            dtype = next(iter(params.values())).dtype
            grads = self.grads(step, dtype)
            optimizer.apply(params, {path: grads[path] for path in params})
        return params


promise = Promises[OptimizerCase]()


def check_optimizer(
    make_optimizer: Callable[[], Optimizer], steps: int = 5, seed: int = 0
) -> ConformanceReport:
    """Prove that an optimizer keeps the promises that every optimizer makes.

    ``make_optimizer`` gives a fresh one each time it is called: its class, or a ``lambda``.

    >>> from minicnn import SGD
    >>> print(check_optimizer(lambda: SGD(0.1, momentum=0.9)))
    SGD keeps every promise:
      ✓ a step moves each parameter in place, in its shape and dtype
      ✓ gradients are left as they were
      ✓ it goes downhill
      ✓ parameters do not know one another
      ✓ a parameter without a gradient stays
      ✓ the learning rate that it is given is the one that it uses
      ✓ element by element, if it says so
      ✓ any memory layout gives the same answer
      ✓ all that it remembers is in its slots
      ✓ its settings make another like it
    """
    if not callable(make_optimizer) or isinstance(make_optimizer, Optimizer):
        raise ConfigError(
            f"check_optimizer: expected a function that makes a fresh optimizer, got "
            f"{make_optimizer!r}; write check_optimizer(lambda: "
            f"{type(make_optimizer).__name__}(...))"
        )
    whole(steps, "steps", "check_optimizer")
    optimizer = make_optimizer()
    if not isinstance(optimizer, Optimizer) or not hasattr(optimizer, "memory"):
        raise ConfigError(
            f"check_optimizer: expected an Optimizer begun by its __init__, got "
            f"{type(optimizer).__name__}; derive it from mc.Optimizer, and call "
            f"super().__init__(learning_rate)"
        )
    case = OptimizerCase(make_optimizer, steps, seed)
    return promise.prove(type(optimizer).__name__, case)


def _difference(expected: Params, got: Params) -> str | None:
    """The first parameter that differs in any bit."""
    return next((path for path, p in expected.items() if not same(p, got[path])), None)


# ---- the promises ------------------------------------------------------------------------------


@promise("a step moves each parameter in place, in its shape and dtype")
def in_place(case: OptimizerCase) -> str | None:
    """The arrays stay the same ones, their slots look like them, and the step is counted."""
    for dtype in (np.float32, np.float64):
        optimizer, params = case.make_optimizer(), case.params(dtype)
        held, before = dict(params), {path: p.copy() for path, p in params.items()}
        case.walked(optimizer, params)
        if optimizer.step_count != case.steps:
            return f"Expected {case.steps} steps to be counted, got {optimizer.step_count}"
        for path, p in held.items():
            if params[path] is not p or same(p, before[path]):
                return f"Expected {path} to move in its own array; write p -= ..., not p = p - ..."
            slots = optimizer.memory.get(path, {})
            if tuple(slots) != tuple(optimizer.used_slots()):
                return f"Expected the slots {optimizer.used_slots()} of {path}, got {tuple(slots)}"
            for name, a in (("the parameter", p), *slots.items()):
                if a.shape != SHAPES[path] or a.dtype != dtype:
                    return (
                        f"Expected {name} of {path} as {SHAPES[path]} in {np.dtype(dtype)}, got "
                        f"{a.shape} in {a.dtype}"
                    )
                if not bool(ops_for(a).xp.isfinite(a).all()):
                    return f"Expected finite numbers, got NaN or infinity in {name} of {path}"
    return None


@promise("gradients are left as they were")
def gradients_untouched(case: OptimizerCase) -> str | None:
    """Clipping, logs and tests may look at them afterwards."""
    optimizer, params = case.make_optimizer(), case.params()
    for step in range(case.steps):
        grads = case.grads(step)
        optimizer.apply(params, grads)
        changed = _difference(case.grads(step), grads)
        if changed:
            return f"The gradient of {changed} was changed in step {step + 1}"
    return None


@promise("it goes downhill")
def downhill(case: OptimizerCase) -> str | None:
    """On half the sum of the squares, whose gradient is the parameter itself."""
    optimizer, params = case.make_optimizer(), case.params()
    height = [sum(float((p * p).sum()) / 2 for p in params.values())]
    for _ in range(20):
        optimizer.apply(params, {path: p.copy() for path, p in params.items()})
        height.append(sum(float((p * p).sum()) / 2 for p in params.values()))
    if not height[-1] < height[0]:
        return (
            f"On the sum of squares, 20 steps led from {height[0]:.6g} to {height[-1]:.6g}; a "
            f"wrong sign, or a learning rate for another problem?"
        )
    return None


@promise("parameters do not know one another")
def alone(case: OptimizerCase) -> str | None:
    """Each moves as it would by itself."""
    together = case.walked(case.make_optimizer(), case.params())
    for path, p in case.params().items():
        by_itself = case.walked(case.make_optimizer(), {path: p})
        if not same(by_itself[path], together[path]):
            return f"{path} moves otherwise when it is alone; keep what is remembered in slots"
    return None


@promise("a parameter without a gradient stays")
def frozen(case: OptimizerCase) -> str | None:
    """As a layer that is frozen has none."""
    optimizer, params = case.make_optimizer(), case.params()
    moved, *still = params
    optimizer.apply(params, {moved: case.grads(0)[moved]})
    changed = _difference({path: case.params()[path] for path in still}, params)
    return changed and f"{changed} has moved"


@promise("the learning rate that it is given is the one that it uses")
def learning_rate(case: OptimizerCase) -> str | None:
    """A schedule is asked before each step, a rate set anew is obeyed, and 0 moves nothing."""
    optimizer = case.make_optimizer()
    rate = optimizer.current_learning_rate()
    optimizer.learning_rate = lambda step: 0.0
    if _difference(case.params(), case.walked(optimizer, case.params())):
        return "A learning rate of 0 moved a parameter; multiply by the lr that update is given"
    scheduled, set_anew, steady = (case.make_optimizer() for _ in range(3))
    scheduled.learning_rate = lambda step: rate / 2 ** min(step, 1)
    steady.learning_rate = rate
    params = [case.params() for _ in range(3)]
    case.walked(scheduled, params[0], steps=2)
    case.walked(steady, params[2], steps=2)
    if _difference(params[0], params[2]) is None:
        return "Half the learning rate in the second step made no difference"
    for step, now in enumerate((rate, rate / 2)):
        set_anew.learning_rate = now
        case.walked(set_anew, params[1], step, 1)
    changed = _difference(params[0], params[1])
    return changed and f"{changed} follows a schedule otherwise than the same rates set by hand"


@promise("element by element, if it says so")
def piecewise(case: OptimizerCase) -> str | None:
    """The engine gives pieces of parameters to a rule that says ``elementwise = True``."""
    if not case.make_optimizer().elementwise:
        return None
    whole_ones = case.walked(case.make_optimizer(), case.params())
    optimizer, params = case.make_optimizer(), case.params()
    for step in range(case.steps):
        rate, number = optimizer.begin_step()
        for path, g in case.grads(step).items():
            arrays = [params[path], g, *optimizer.slots_of(path, params[path])]
            rows = [a.reshape(-1) for a in arrays]
            for cut in (slice(0, 2), slice(2, None)):
                p, g_piece, *slots = (row[cut] for row in rows)
                ops = ops_for(p)
                optimizer.move(p, g_piece, tuple(slots), rate, number, ops)
    changed = _difference(whole_ones, params)
    return changed and (
        f"{changed} moves otherwise in two pieces; take elementwise = True away, or the sum, mean "
        f"or length over the whole array out of update"
    )


@promise("any memory layout gives the same answer")
def layouts(case: OptimizerCase) -> str | None:
    """Gradients in Fortran's order."""
    xp = current_ops().xp
    plain, other = case.make_optimizer(), case.make_optimizer()
    expected, got = case.params(), case.params()
    for step in range(case.steps):
        plain.apply(expected, case.grads(step))
        other.apply(got, {path: xp.asfortranarray(g) for path, g in case.grads(step).items()})
    changed = next((path for path, p in expected.items() if not close(p, got[path])), None)
    return changed and f"{changed} moves otherwise with gradients in Fortran's order"


@promise("all that it remembers is in its slots")
def resumed(case: OptimizerCase) -> str | None:
    """A checkpoint keeps slots and the number of steps: with these, a run goes on to the bit."""
    straight = case.walked(case.make_optimizer(), case.params(), steps=2 * case.steps)
    before, params = case.make_optimizer(), case.params()
    case.walked(before, params)
    after = case.make_optimizer()
    after.step_count = before.step_count
    after.memory = {
        path: {slot: a.copy() for slot, a in slots.items()} for path, slots in before.memory.items()
    }
    changed = _difference(straight, case.walked(after, params, case.steps))
    return changed and (
        f"After a resume {changed} moves otherwise than in a run that went straight on; keep what "
        f"is remembered in slots, and take the number of the step from update's argument"
    )


@promise("its settings make another like it")
def settings(case: OptimizerCase) -> str | None:
    """``config`` has the constructor's arguments, each kept under its own name."""
    optimizer = case.make_optimizer()
    try:
        repr(optimizer)
        twin = type(optimizer)(**optimizer.config())
    except (AttributeError, TypeError) as error:
        return f"Expected every argument of __init__ as an attribute of its name, got: {error}"
    first, second = case.walked(optimizer, case.params()), case.walked(twin, case.params())
    changed = _difference(first, second)
    return changed and f"{changed} moves otherwise with an optimizer made of the same settings"
