"""What a checkpoint says, believed only if it is of the right kind.

A seal says that a file is as it was written, not by whom. What is of another kind would come out
long after it was read, as an error that nobody understands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minicnn.arguments import is_number, is_whole
from minicnn.errors import SavingError
from minicnn.typing import Array

MOST = 1 << 53  # of anything that is counted: floats are exact up to here


class Saved:
    """A dictionary of a checkpoint; each value is asked for by its name and its kind.

    >>> Saved({"epoch": "two"}, "run").whole("epoch")
    Traceback (most recent call last):
    minicnn.errors.SavingError: run: expected a whole number for epoch, from 0 to 9007199254740992,
    got 'two'
    """

    def __init__(self, values: Any, what: str) -> None:
        if not isinstance(values, Mapping):
            raise SavingError(f"expected {what} as a dictionary, got {shortened(values)}")
        self.values, self.what = values, what

    def __getitem__(self, name: str) -> Any:
        if name not in self.values:
            raise SavingError(f"{self.what}: expected a value called {name!r}, got none")
        return self.values[name]

    def part(self, name: str) -> Saved:
        """A dictionary inside this one."""
        return Saved(self[name], f"{self.what}/{name}")

    def whole(self, name: str, most: int = MOST) -> int:
        """The whole number of this name, if it is one from 0 to ``most``."""
        value = self[name]
        if not is_whole(value) or not 0 <= value <= most:
            raise self.other(name, f"a whole number for {name}, from 0 to {most}")
        return int(value)

    def number(self, name: str) -> float:
        """A number, which may be infinite or NaN."""
        if not is_number(self[name]):
            raise self.other(name, f"a number for {name}")
        return float(self[name])

    def list(self, name: str) -> list[Any]:
        """A list of anything."""
        if not isinstance(self[name], list | tuple):
            raise self.other(name, f"a list for {name}")
        return list(self[name])

    def floats(self, name: str, shape: tuple[int, ...]) -> Array:
        """An array of floats in this shape."""
        array = self[name]
        if getattr(getattr(array, "dtype", None), "kind", None) != "f":
            raise self.other(name, f"an array of floats for {name}")
        if array.shape != shape:
            raise SavingError(
                f"{self.what}: expected {name} of shape {shape}, got shape {array.shape}"
            )
        return array

    def other(self, name: str, expected: str) -> SavingError:
        """What to say of a value that is something else."""
        return SavingError(f"{self.what}: expected {expected}, got {shortened(self[name])}")


def shortened(value: Any) -> str:
    """The value as a text of a length that fits into an error."""
    if hasattr(value, "dtype"):
        return f"an array of {value.dtype} of shape {value.shape}"
    if isinstance(value, int) and abs(value) > MOST:
        return "an enormous number"  # Python refuses to write out thousands of digits
    text = repr(value) if isinstance(value, int | float | str | None) else type(value).__name__
    return text if len(text) < 60 else f"{text[:57]}..."
