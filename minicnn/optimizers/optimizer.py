"""What every optimizer is: a rule that moves a parameter against its gradient.

A rule is written for one array, element by element, in place. The numbers that it remembers
of each parameter (its *slots*, such as a running mean of squares) belong to the optimizer,
under the parameter's path, and travel in checkpoints.
"""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from minicnn.arguments import is_number, positive, takes
from minicnn.backends import Ops, ops_for
from minicnn.errors import ConfigError, ShapeError
from minicnn.optimizers.schedules import Schedule
from minicnn.typing import Array

SWEEP = 64  # steps from one clearing of subnormal numbers to the next


class Optimizer(ABC):
    """Subclasses name their ``slots`` (a tuple) and write ``update``, which works in place.

    ``update`` is given each parameter as a whole, so it may ask for the length of a gradient or
    the mean of a weight. A rule that treats every number by itself says ``elementwise = True``:
    the engine may then give it pieces of a parameter, several at a time, which is faster. A class
    that writes an ``update`` of its own has to say so anew, whatever it is derived from.

    >>> import numpy as np
    >>> class Normalised(Optimizer):
    ...     def update(self, p, g, slots, lr, step, ops):
    ...         p -= lr * g / ops.xp.sqrt((g * g).sum())
    >>> p = np.array([1.0, 1.0])
    >>> Normalised(0.5).apply({"w": p}, {"w": np.array([3.0, 4.0])})
    >>> p
    array([0.7, 0.6])
    """

    slots: ClassVar[tuple[str, ...]] = ()
    elementwise: ClassVar[bool] = False
    rule: ClassVar[str | None] = None  # its name where a backend may know it by heart
    network: Any = None  # whose parameters it moves, since the first step

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "update" in vars(cls) and "elementwise" not in vars(cls):
            cls.elementwise = False  # the promise was made for another rule
        if "update" in vars(cls) and "rule" not in vars(cls):
            cls.rule = None
        if not isinstance(cls.slots, tuple):
            raise ConfigError(
                f"{cls.__name__}: expected slots as a tuple of names, got {cls.slots!r}; write "
                f'slots = ("m",), with the comma'
            )

    def __init__(self, learning_rate: float | Schedule) -> None:
        self.learning_rate = learning_rate
        self.step_count = 0
        self.memory: dict[str, dict[str, Array]] = {}  # path -> slot -> array

    @abstractmethod
    def update(
        self, p: Array, g: Array, slots: tuple[Array, ...], lr: float, step: int, ops: Ops
    ) -> None:
        """Move ``p`` and its slots in place; ``step`` counts from 1."""

    @property
    def learning_rate(self) -> float | Schedule:
        """A number above 0, or a schedule; it can be set anew between two steps."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float | Schedule) -> None:
        if not callable(value):
            positive(value, "a schedule or a learning_rate", type(self).__name__)
        elif not takes(value, 1):
            raise ConfigError(
                f"{type(self).__name__}: expected a schedule to take the number of the step, got "
                f"{value!r}; write it as lambda step: ..."
            )
        self._learning_rate = value

    def numbers(self, lr: float, step: int) -> tuple[float, ...]:
        """What ``rule`` needs to know of this step."""
        raise NotImplementedError

    def arrays_of_rule(self, p: Array, g: Array, slots: tuple[Array, ...]) -> tuple[Array, ...]:
        """An array for every slot; for one that these settings don't use, any array."""
        used = dict(zip(self.used_slots(), slots, strict=True))
        return (p, g, *(used.get(slot, p) for slot in self.slots))

    def current_learning_rate(self) -> float:
        """The learning rate of the next step."""
        if not callable(self.learning_rate):
            return float(self.learning_rate)
        rate = self.learning_rate(self.step_count)
        if not (is_number(rate) and 0 <= rate < math.inf):
            raise ConfigError(
                f"{type(self).__name__}: expected the schedule to give a learning rate of at least "
                f"0 for step {self.step_count}, got {rate!r}; look at what {self.learning_rate!r} "
                f"returns"
            )
        return float(rate)

    def apply(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """One step: every parameter that has a gradient is moved, in place."""
        lr, step = self.begin_step()
        rows = []
        for path, g in grads.items():
            p = params[path]
            self.check(path, p, g)
            rows.append((p, g, self.slots_of(path, p), ops_for(p, g, where=path)))
        if self.rule is not None and rows and self.moves_as_all_do():  # a GPU: in one stroke
            arrays = [self.arrays_of_rule(*row[:3]) for row in rows]
            if rows[0][3].all_in_one_pass(self.rule, arrays, self.numbers(lr, step)):
                return
        for p, g, slots, ops in rows:
            self.move(p, g, slots, lr, step, ops)

    def move(
        self, p: Array, g: Array, slots: tuple[Array, ...], lr: float, step: int, ops: Ops
    ) -> None:
        """By the backend, if it knows ``rule`` by heart, or else by ``update``.

        ``update`` must change the arrays that it is given and return nothing.
        """
        by_heart = self.rule is not None and ops.in_one_pass(
            self.rule, self.arrays_of_rule(p, g, slots), self.numbers(lr, step)
        )
        if not by_heart and self.update(p, g, slots, lr, step, ops) is not None:
            raise ConfigError(
                f"{type(self).__name__}.update: expected the parameter to be changed in place and "
                f"nothing to be returned, got a return value; write p -= ... and no return"
            )
        if step % SWEEP == 0:
            clear_subnormals(slots, ops)

    def moves_as_all_do(self) -> bool:
        """Whether a faster way may stand in for ``apply`` and ``move``: neither is its own."""
        return all(
            getattr(type(self), name) is getattr(Optimizer, name) and name not in vars(self)
            for name in ("apply", "move", "begin_step")
        )

    def begin_step(self) -> tuple[float, int]:
        """Count one more step; its learning rate and its number."""
        lr = self.current_learning_rate()
        self.step_count += 1
        return lr, self.step_count

    def bind(self, network: Any) -> None:
        """Serve ``network`` and no other: memory and count of steps belong to one run."""
        if self.network is not None and self.network is not network:
            raise ConfigError(
                f"{type(self).__name__}: expected an optimizer of its own for each model, got one "
                f"that has served another model (its memory and its {self.step_count} steps are "
                f"of that one); give compile a new {type(self).__name__}(...)"
            )
        self.network = network

    def check(self, path: str, p: Array, g: Array) -> None:
        """Raise one clear error unless a gradient has its parameter's shape."""
        if p.shape != g.shape:
            raise ShapeError(
                f"{path}: expected a gradient of the parameter's shape {p.shape}, got "
                f"{g.shape}; check what this layer's backward returns"
            )

    def slots_of(self, path: str, p: Array) -> tuple[Array, ...]:
        """What is remembered of this parameter, made when first asked for."""
        if path not in self.memory:
            self.memory[path] = {slot: ops_for(p).xp.zeros_like(p) for slot in self.used_slots()}
        memory = tuple(self.memory[path].values())
        for slot in memory:
            if slot.shape != p.shape:
                raise ShapeError(
                    f"{type(self).__name__}: expected {path} in the shape of earlier steps, "
                    f"{slot.shape}, got {p.shape}; give each model an optimizer of its own"
                )
        return memory

    def used_slots(self) -> tuple[str, ...]:
        """The slots that these settings need."""
        return self.slots

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, to print or rebuild the optimizer."""
        names = list(inspect.signature(type(self).__init__).parameters)[1:]
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.config().items())
        return f"{type(self).__name__}({shown})"


def clear_subnormals(slots: tuple[Array, ...], ops: Ops) -> None:
    """Zeros for numbers too small to be stored in full (below 1e-38 in float32).

    Where no gradient comes any more, behind a ReLU that is always off, a mean over past gradients
    shrinks step by step, and rounding stops it at such a *subnormal* number. It moves nothing, but
    many processors take a hundred times as long to multiply by it.
    """
    for slot in slots:
        slot *= ops.xp.abs(slot) >= ops.xp.finfo(slot.dtype).tiny
