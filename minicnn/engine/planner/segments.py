"""Steps to segments: what treats samples one by one goes block by block, as far as it may."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from minicnn.engine.parts.branches import Same
from minicnn.engine.parts.conv2d import ConvPart
from minicnn.engine.parts.cutting import ideal_block, narrows, units
from minicnn.engine.parts.segment import Segment
from minicnn.engine.plan.steps import Plan, Step
from minicnn.typing import DType, Shape

APART = 8  # a segment ends where the next part wants blocks this many times larger, or smaller


def in_segments(steps: Sequence[Step], shapes: Sequence[Shape], dtype: DType) -> Plan:
    """A plan of these steps, which have one input; ``shapes`` are those of all values."""
    grouped: list[Step] = []
    now = {0: 0}  # the new number of a value
    k = 0
    while k < len(steps):
        end = _end_of_run(steps, k)
        if end == k:
            part, reads = steps[k]
            grouped.append(Step(part, tuple(now[i] for i in reads)))
            k += 1
            now[k] = len(grouped)
            continue
        for start, stop in pairwise(_cuts(steps, k, end, dtype.itemsize)):
            source = _outside(steps, start, stop).pop()
            its_plan = Plan(_renumbered(steps, start, stop), dtype=dtype)
            segment = Segment(its_plan, shapes[stop])
            grouped.append(Step(segment, (now[source],)))
            now[stop] = len(grouped)
            k = stop
    return Plan(grouped, dtype=dtype)


def let_lend(plan: Plan) -> None:
    """Predicting, the first of two convolutions leaves its output in its planes.

    The second has read all of it, into its strips, before it writes planes of its own there.
    """
    for (number, (part, _)), (_, following) in pairwise(plan.numbered):
        at_once = following.reads == (number,) and len(plan.readers[number]) == 1
        if isinstance(part, ConvPart) and isinstance(following.part, ConvPart):
            part.lends = at_once


def _end_of_run(steps: Sequence[Step], start: int) -> int:
    """Up to where the steps from ``start`` on can be one segment; ``start`` itself if none can.

    A segment reads one value, and the last value that it makes is the only one read after it.
    """
    end = start
    for stop in range(start + 1, len(steps) + 1):
        if not steps[stop - 1].part.by_block:
            break
        made = range(start + 1, stop)
        escapes = any(i in made for step in steps[stop:] for i in step.reads)
        if len(_outside(steps, start, stop)) == 1 and not escapes:
            end = stop
    nothing_to_do = all(isinstance(step.part, Same) for step in steps[start:end])
    return start if nothing_to_do else end


def _outside(steps: Sequence[Step], start: int, stop: int) -> set[int]:
    """The values that these steps read and do not make."""
    return {i for step in steps[start:stop] for i in step.reads if i <= start}


def _cuts(steps: Sequence[Step], start: int, end: int, itemsize: int) -> list[int]:
    """Where a run is cut into segments: where a part wants blocks of quite another size."""
    run = _renumbered(steps, start, end)
    cuts, sizes = [start], []
    for place, unit in zip(narrows(run, 1), units(run, 1), strict=False):
        if not any(part.size() for part in unit):
            continue
        sizes.append(ideal_block(unit, itemsize))
        if max(sizes) > APART * min(sizes):
            cuts.append(start + place)
            sizes = sizes[-1:]
    return [*cuts, end]


def _renumbered(steps: Sequence[Step], start: int, stop: int) -> list[Step]:
    """These steps by themselves: what they read from outside is their input, value 0."""
    return [
        Step(part, tuple(max(i - start, 0) for i in reads)) for part, reads in steps[start:stop]
    ]
