"""What a campaign is: numbered cases, each drawn from the seed and its number alone.

So a case that fails is repeated by its number, without the cases before it.
"""

from __future__ import annotations

import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import ClassVar

import minicnn as mc


class DefectError(Exception):
    """A promise that was not kept."""


class Campaign:
    """Subclasses prepare in ``__init__`` what all cases share, and try one case in ``case``."""

    name: ClassVar[str]
    promise: ClassVar[str]
    small: ClassVar[int]  # cases that take some seconds

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def case(self, random: Random, folder: Path) -> str:
        """Try one case in an empty folder; a word for what came of it, or a DefectError."""
        raise NotImplementedError


@dataclass
class Outcome:
    """What came of a campaign; ``print(outcome)`` says it in one line, and one for each defect."""

    name: str
    promise: str
    seed: int
    cases: Counter[str] = field(default_factory=Counter)
    defects: dict[int, str] = field(default_factory=dict)
    seconds: float = 0.0

    def __str__(self) -> str:
        tried = self.cases.total() + len(self.defects)
        words = ", ".join(f"{count} {word}" for word, count in self.cases.most_common())
        lines = [
            f"{self.name}: {self.cases.total()} of {tried} right ({self.promise}): "
            f"{words or 'none'}; {self.seconds:.0f} s"
        ]
        for number, what in self.defects.items():
            again = f"--seed {self.seed} --first {number} --count 1"
            lines.append(f"  case {number}: {what}")
            lines.append(f"    again: python -m benchmarks.campaigns {self.name} {again}")
        return "\n".join(lines)


def run(kind: type[Campaign], count: int, seed: int = 0, first: int = 0) -> Outcome:
    """Cases ``first`` to ``first + count - 1`` of a seed."""
    outcome = Outcome(kind.name, kind.promise, seed)
    started = time.perf_counter()
    with TemporaryDirectory(prefix=f"minicnn-{kind.name}-") as place:
        shared = Path(place, "shared")
        shared.mkdir()
        campaign = kind(shared)
        for number in range(first, first + count):
            folder = Path(place, str(number))
            folder.mkdir()
            random = Random(f"{kind.name} {seed} {number}")
            try:
                outcome.cases[campaign.case(random, folder)] += 1
            except DefectError as defect:
                outcome.defects[number] = str(defect)
            except Exception as error:  # whatever comes through raw is a defect too
                where = traceback.extract_tb(error.__traceback__)[-1]
                line = f"{Path(where.filename).name}, line {where.lineno}"
                raw = "" if isinstance(error, mc.MinicnnError) else "raw "
                outcome.defects[number] = f"{raw}{type(error).__name__}: {error} ({line})"
    outcome.seconds = time.perf_counter() - started
    return outcome
