"""How many samples go through a segment together: a function of shapes alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from minicnn.engine.options import current_options
from minicnn.engine.plan.block import BlockPart, block_parts
from minicnn.engine.plan.steps import Plan, Step

CACHE = 4 << 20  # bytes that a block may work on at once: strips stream, weights and maps stay
LEAST_ROWS = 256  # of a product, that make it worth packing its weights for
SMALL = 1 << 18  # bytes below which a whole batch is one block: threads would cost more


def narrows(steps: Sequence[Step], inputs: int) -> list[int]:
    """Where the steps can be cut in two: only the value just made is read from there on.

    The places are numbers of steps, 0 and the last one's included.
    """
    last_reader = dict.fromkeys(range(inputs + len(steps)), 0)
    for k, step in enumerate(steps, 1):
        for value in step.reads:
            last_reader[value] = k
    places = []
    for k in range(len(steps) + 1):
        made = inputs + k - 1  # by step k, the last one before the cut
        if all(last_reader[value] <= k for value in range(made)):
            places.append(k)
    return places


def units(steps: Sequence[Step], inputs: int) -> list[list[BlockPart]]:
    """The parts by what lies between two narrows: a layer, or branches from part to meeting."""
    cuts = narrows(steps, inputs)
    return [block_parts(steps[start:end]) for start, end in pairwise(cuts)]


def ideal_block(unit: Sequence[BlockPart], itemsize: int) -> int:
    """How many samples a unit would like to see at once."""
    fits = CACHE // max(*(part.working_set(itemsize) for part in unit), 1)
    enough = -(-LEAST_ROWS // min(part.rows() for part in unit))
    return max(1, fits, enough)


def block_count(n: int, plan: Plan, itemsize: int) -> int:
    """How many blocks a batch of n is cut into."""
    block = current_options().block
    if block is not None:
        return max(1, -(-n // block))
    parts = block_parts(plan.steps)
    if n * max(part.working_set(itemsize) for part in parts) <= SMALL:
        return 1
    count = -(-n // min(ideal_block(unit, itemsize) for unit in units(plan.steps, plan.inputs)))
    # An even number shares out evenly between two threads. More blocks would suit more cores, but
    # small ones have the threads wait for Python's lock.
    return min(n, -(-count // 2) * 2)
