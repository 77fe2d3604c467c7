"""What a data set is to be like: all that its pictures have in common."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from minicnn.data.pets.knobs import Knobs
from minicnn.typing import Pair


@dataclass(frozen=True, slots=True)
class Job:
    """The same for every picture of a data set; as JSON it travels to another process."""

    seed: int
    size: Pair  # height and width
    knobs: Knobs
    redrawn: Mapping[str, int]  # nuisances that are drawn from a seed of their own
    colour_tells: bool  # each class has its usual fur, and the camera meters nothing away

    def as_json(self) -> str:
        """All of it in plain numbers, whatever kinds of numbers came."""
        return json.dumps({**asdict(self), "knobs": self.knobs.as_floats()})

    @classmethod
    def from_json(cls, text: str) -> Job:
        """The job that ``as_json`` has written down."""
        told = json.loads(text)
        height, width = told["size"]
        return cls(**{**told, "size": (height, width), "knobs": Knobs(**told["knobs"])})
