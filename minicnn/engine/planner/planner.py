"""A plan for a network: its layers as steps, and these in segments.

A plan is made once for a network and used for every batch. It holds layers and never arrays,
so parameters may change, and be replaced, under it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minicnn.engine.options import current_options
from minicnn.engine.parts.branches import Add, Join, Same
from minicnn.engine.parts.floats import FloatPart
from minicnn.engine.parts.segment import Segment
from minicnn.engine.plan.steps import Part, Plan, Step
from minicnn.engine.planner.fusing import Named, part_for, same
from minicnn.engine.planner.purpose import Purpose
from minicnn.engine.planner.segments import in_segments, let_lend
from minicnn.layers import Chain, Concat, Layer, ReLU, Residual
from minicnn.typing import Shape


def plan_for(chain: Chain, purpose: Purpose) -> Plan:
    """The plan of a chain."""
    assert chain.input_shape is not None
    network = _Network(purpose, chain.input_shape)
    source = 0
    if purpose.convert:
        source = network.add(FloatPart(chain.input_shape, purpose.dtype), (0,), chain.input_shape)
    network.add_layer(chain, "", source)
    plan = in_segments(network.steps, network.shapes, purpose.dtype)
    outer = [step.part for step in plan.steps]
    inner = [part for segment in outer for part in segment.inner()]
    for number, part in enumerate([*outer, *inner]):
        part.number = number
        if isinstance(part, Segment):
            let_lend(part.plan)
    plan.layers = tuple(chain.walk())
    return plan


class _Network:
    """Steps of single layers, or of a few that go together."""

    def __init__(self, purpose: Purpose, input_shape: Shape) -> None:
        self.purpose = purpose
        self.steps: list[Step] = []
        self.shapes = [input_shape]  # of all values

    def add(self, part: Part[Any], reads: tuple[int, ...], shape: Shape | None) -> int:
        """One more step; the number of the value that it makes."""
        assert shape is not None
        self.steps.append(Step(part, reads))
        self.shapes.append(shape)
        return len(self.steps)

    def add_layer(self, layer: Layer, path: str, x: int) -> int:
        """The steps of a layer that reads value x; the number of its output."""
        places = list(_unchained(layer, path))
        while places:
            first, its_path = places[0]
            if isinstance(first, Residual | Concat) and (
                same(first, Residual) or same(first, Concat)
            ):
                taken, x = self._add_branches(places, x)
            else:
                taken, part = part_for(places, self.purpose)
                x = self.add(part, (x,), places[taken - 1][0].output_shape)
            others = [str(layer.name) for layer, _ in places[1:taken]]
            self.steps[x - 1].part.title = " + ".join([its_path.strip("/"), *others])
            del places[:taken]
        return x

    def _add_branches(self, places: list[Named], x: int) -> tuple[int, int]:
        """The branches of the first layer, and where they meet.

        If something in them needs the whole batch they meet as a whole, too, in a sweep, which
        takes the ReLU after it along.
        """
        container, path = places[0]
        first = len(self.steps)
        ends = [
            self._add_branch(branch, f"{path}{branch.name}/", x) for branch in container.children
        ]
        by_block = all(step.part.by_block for step in self.steps[first:])
        followed = len(places) > 1 and same(places[1][0], ReLU)
        relu = followed and not by_block and current_options().fast_norm
        meeting = Join if isinstance(container, Concat) else Add
        part = meeting(container, relu, by_block)
        return 1 + relu, self.add(part, tuple(ends), container.output_shape)

    def _add_branch(self, branch: Layer, path: str, x: int) -> int:
        first = next(_unchained(branch, path), None)
        if first is None or isinstance(first[0], Residual | Concat):
            x = self.add(Same(), (x,), self.shapes[x])
        return self.add_layer(branch, path, x)


def _unchained(layer: Layer, path: str) -> Iterator[Named]:
    """The layers of nested chains, one after another."""
    if same(layer, Chain):
        for child in layer.children:
            yield from _unchained(child, f"{path}{child.name}/")
    else:
        yield layer, path
