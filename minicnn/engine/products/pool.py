"""The pool behind a convolution, over planes (PH, PW, ...), one for each of its cells.

Taken in two steps, along the pool's rows and then down: for 2×2 four operations, not six.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minicnn.typing import Array, Shape

Give = Callable[[int, Shape], Array]  # booleans for the k-th comparison, in this shape


def pool(planes: Array, give: Give | None, do: Any) -> tuple[Array, list[Array]]:
    """The largest of each place, in the first plane, and with ``give`` who won where."""
    winners: list[Array] = []
    for cells in (planes.swapaxes(0, 1), planes[:, 0]):
        best = cells[0]
        for other in cells[1:]:
            if give is not None:
                won = give(len(winners), other.shape)
                winners.append(do.greater(other, best, out=won))
            do.maximum(best, other, out=best)
    return planes[0, 0], winners


def share_out(planes: Array, winners: list[Array], do: Any) -> None:
    """The gradient in the first plane, dealt out to the planes that won, the last one first."""
    left = reversed(winners)
    for cells in (planes[:, 0], planes.swapaxes(0, 1)):
        for other in cells[:0:-1]:
            do.multiply(cells[0], next(left), out=other)
            do.subtract(cells[0], other, out=cells[0])
