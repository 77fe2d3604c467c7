"""Figures over a whole batch, for a run that may have only a share of it.

BatchNorm needs the mean over all samples, forward, and two sums over all, backward. It asks for
them, and waits for the answer. An ordinary run has the whole batch and answers at once. Where a
batch is shared out, to several processes perhaps, an object of another class answers when all
shares have told their figures; it says in which order they are added.
"""

from __future__ import annotations

from minicnn.typing import Array


class Totals:
    """Of a batch that is here as a whole."""

    def moments(self, count: int, mean: Array, var: Array) -> tuple[Array, Array]:
        """Mean and variance over the whole batch, from those over the ``count`` of this share."""
        return mean, var

    def sums(self, count: int, sums: Array) -> tuple[int, Array]:
        """The whole batch's count and sums, from those of this share."""
        return count, sums


ALONE = Totals()
