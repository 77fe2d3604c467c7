"""Runs a network over a batch: by its plan, or by the plain loop.

The engine is invisible: it gives what :class:`PlainEngine` gives, within rounding, for every
network, batch size and number of threads. Calls are re-entrant; each has its own memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

import numpy as np

from minicnn.backends import are_numpys
from minicnn.engine.machine import threads
from minicnn.engine.machine.blas import one_blas_thread
from minicnn.engine.memory.arena import Arenas
from minicnn.engine.options import current_options
from minicnn.engine.plain import PlainEngine
from minicnn.engine.plan.batch import WholeBatch
from minicnn.engine.plan.steps import Plan, backward, forward
from minicnn.engine.plan.totals import ALONE, Totals
from minicnn.engine.planner.planner import plan_for
from minicnn.engine.planner.purpose import Purpose, key_of
from minicnn.engine.stopwatch import Stopwatch, timing
from minicnn.engine.update.gradients import Gradients, Update, in_pieces
from minicnn.errors import ConfigError
from minicnn.layers import Chain
from minicnn.layers.inputs import as_batch, dtype_of, floats
from minicnn.layers.layer import FLOATS
from minicnn.optimizers import Optimizer
from minicnn.typing import Array, Cache, Params

MOST_PLANS = 16  # of an engine: purposes, switches and what learns


class Engine:
    """Forward, backward, update and prediction of one chain.

    A cache serves one backward pass: its memory then goes to the next batch.
    """

    def __init__(self, chain: Chain) -> None:
        self.follow(chain)
        self._arenas = Arenas()

    def follow(self, chain: Chain) -> None:
        """Run this chain from now on, such as one with other arrays; the memory stays."""
        self.chain = chain
        self._plain = PlainEngine(chain)
        self._plans: dict[Any, Plan] = {}  # those of the chain before held its layers

    def __getstate__(self) -> dict[str, Any]:
        """A copy makes its own plans: they are found by the ids of layers."""
        return vars(self) | {"_plans": {}}

    # ---- forward -------------------------------------------------------------------------------

    def forward(self, x: Array, training: Any, totals: Totals = ALONE) -> tuple[Array, Cache]:
        """The output of a training step, and the cache for ``backward``. x: uint8 or floats.

        ``totals`` answers what a step asks about the whole batch, if x is only a share of it.
        """
        x = as_batch(x, self.chain)
        plan = self._plan(x, bool(training), backward=True)
        if plan is None:
            if totals is not ALONE:
                raise ConfigError(
                    "Engine.forward: expected a whole batch for the plain loop, got a share of "
                    "one, whose totals no layer asks for; run it by a plan"
                )
            return self._plain.forward(floats(x, self.chain), training)
        if totals is not ALONE:
            _check_shares(plan)
        x = np.ascontiguousarray(x)
        batch = WholeBatch(plan, self._arenas.take(), training, x, totals=totals)
        with _held():
            (y,) = forward(plan, [x], batch, keep=True)
        return y.copy(), batch  # the arena is ours, the output is the caller's

    def infer(self, x: Array) -> Array:
        """The output alone."""
        x = as_batch(x, self.chain)
        plan = self._plan(x, training=False, backward=False)
        if plan is None:
            return self._plain.infer(floats(x, self.chain))
        x = np.ascontiguousarray(x)
        batch = WholeBatch(plan, self._arenas.take(), False, x)
        with _held():
            (y,) = forward(plan, [x], batch, keep=False)
        y = y.copy()
        self._arenas.give(batch.arena)
        return y

    # ---- backward ------------------------------------------------------------------------------

    def backward(self, dy: Array, cache: Cache) -> Params:
        """The gradients of all parameters (nobody needs the one of the input)."""
        if not isinstance(cache, WholeBatch):
            return self._plain.backward(dy, cache)
        gradients = Gradients()
        self._back(dy, cache, gradients)
        return {path: gradients.found[path] for path in self.chain.params}

    def descend(
        self, dy: Array, cache: Cache, optimizer: Optimizer, trainable: Iterable[str]
    ) -> None:
        """Backward and the optimizer's step in one: for when nobody else wants the gradients."""
        if isinstance(cache, WholeBatch) and in_pieces(optimizer):
            update = Update(optimizer, self.chain.params, trainable)
            with update.told_if_torn():
                self._back(dy, cache, update)
                with timing("optimizer", "backward"):
                    update.finish()
        else:
            grads = self.backward(dy, cache)
            self.update(optimizer, {path: grads[path] for path in trainable if path in grads})

    def update(self, optimizer: Optimizer, grads: Params) -> None:
        """The optimizer's step with these gradients."""
        params = self.chain.params
        on_cpu = are_numpys(*grads.values())
        if on_cpu and in_pieces(optimizer) and not current_options().plain:
            update = Update(optimizer, params, grads)
            for path, gradient in grads.items():
                update.put(path, gradient)
            with update.told_if_torn(), timing("optimizer", "backward"):
                update.finish()
        else:
            with timing("optimizer", "backward"):
                optimizer.apply(params, grads)

    def _back(self, dy: Array, batch: WholeBatch, gradients: Gradients) -> None:
        if batch.used_up:
            raise ConfigError(
                "Engine.backward: expected the cache of a forward pass that has not gone back yet, "
                "got one that has, and whose memory belongs to another batch now; call forward "
                "again"
            )
        batch.used_up = True
        dy = _clear(dy)
        batch.gradients = gradients
        batch.outside.append(dy)
        with _held():
            backward(batch.plan, [dy], batch, need_dx=False)
        self._arenas.give(batch.arena)

    def next_state(self, cache: Cache) -> Params:
        """The running figures after a training step with this cache."""
        if not isinstance(cache, WholeBatch):
            return self.chain.next_state(cache)
        states = [step.part.next_state(cache) for step in cache.plan.steps]
        return {path: state for its_states in states for path, state in its_states.items()}

    # ---- the plan ------------------------------------------------------------------------------

    def _plan(self, x: Array, training: bool, backward: bool) -> Plan | None:
        """How to take this batch through the network; None: by the plain loop."""
        dtype = np.dtype(dtype_of(self.chain))
        if self._must_be_plain(x, dtype):
            return None
        self.chain.check(np.broadcast_to(np.zeros((), dtype), x.shape))
        options = current_options()
        purpose = Purpose(training, backward, dtype, convert=x.dtype != dtype)
        key = (purpose, options, key_of(self.chain))
        watch: Stopwatch | None = options.stopwatch
        plans = self._plans if watch is None else watch.plans_of(self)
        found = plans.get(key)
        if found is None:
            while len(plans) >= MOST_PLANS:  # switches and layers that nobody uses any more
                plans.pop(next(iter(plans)), None)
            found = plans[key] = plan_for(self.chain, purpose)
            if watch is not None:
                watch.attach(found)
        return found

    def _must_be_plain(self, x: Any, dtype: Any) -> bool:
        return (
            current_options().plain
            or not are_numpys(x)
            or dtype not in FLOATS
            or self.chain.input_shape is None
            or x.ndim == 0
            or len(x) == 0
            or not self.chain.layers
            or threads.inside_job()  # a network inside a layer of a network: the threads are busy
        )


def _check_shares(plan: Plan) -> None:
    """Raise one clear error if a layer would take a share of a batch for the whole of it."""
    titles = [part.title for part in plan.parts() if not part.takes_shares]
    if titles:
        raise ConfigError(
            f"Engine.forward: expected layers that ask for the whole batch's totals, got "
            f"{', '.join(titles)}, which would know of this share alone; give the whole batch, or "
            f"take BatchNorm itself, with fast_norm on"
        )


def _held() -> Any:
    return one_blas_thread() if current_options().hold_blas else nullcontext()


def _clear(dy: Array) -> Array:
    """dy with zeros for what would soon be *subnormal*: see docs/engine-log.md.

    A sample that the network is too sure of, and right about, has such a gradient. It moves
    nothing, but with it that sample's whole backward pass takes a hundred times as long.
    """
    least = np.finfo(dy.dtype).tiny * 2.0**40
    return np.ascontiguousarray(np.where(np.abs(dy) < least, dy.dtype.type(0), dy))
