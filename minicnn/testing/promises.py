"""A suite of promises, each a sentence and the function that proves it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from minicnn.backends import to_numpy
from minicnn.errors import ConformanceError
from minicnn.streams import for_console

Case = TypeVar("Case")


@dataclass(frozen=True)
class ConformanceReport:
    """What was proven; ``print(report)`` lists it."""

    subject: str
    proven: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{self.subject} keeps every promise:", *(f"  ✓ {p}" for p in self.proven)]
        return for_console("\n".join(lines))


class Promises(Generic[Case]):
    """Used as a decorator, it enters a proof: a function that says what is wrong, or None.

    >>> promises = Promises()
    >>> @promises("it is even")
    ... def even(number):
    ...     return f"Got {number}" if number % 2 else None
    >>> print(promises.prove("Two", 2))
    Two keeps every promise:
      ✓ it is even
    >>> promises.prove("Three", 3)
    Traceback (most recent call last):
    minicnn.errors.ConformanceError: Three breaks a promise: it is even. Got 3
    """

    def __init__(self) -> None:
        self.proofs: dict[str, Callable[[Case], str | None]] = {}

    def __call__(
        self, text: str
    ) -> Callable[[Callable[[Case], str | None]], Callable[[Case], str | None]]:
        """Enter a proof under the sentence that it proves."""

        def enter(proof: Callable[[Case], str | None]) -> Callable[[Case], str | None]:
            self.proofs[text] = proof
            return proof

        return enter

    def prove(self, subject: str, case: Case) -> ConformanceReport:
        """One promise after another; the first that is broken is the error."""
        for text, proof in self.proofs.items():
            fault = proof(case)
            if fault is not None:
                raise ConformanceError(f"{subject} breaks a promise: {text}. {fault}")
        return ConformanceReport(subject, tuple(self.proofs))


def same(a: Any, b: Any) -> bool:
    """Bit for bit."""
    return bool(np.array_equal(to_numpy(a), to_numpy(b)))


def close(a: Any, b: Any, tolerance: float = 1e-9) -> bool:
    """Within rounding, for float64."""
    return bool(np.allclose(to_numpy(a), to_numpy(b), rtol=tolerance, atol=tolerance / 10))
