"""JSONLogger: the figures of each epoch as a line of JSON for programs."""

from __future__ import annotations

import json
import math
from typing import Any

from minicnn.arguments import is_whole
from minicnn.saving import json_text
from minicnn.training.callbacks.epoch_log import EpochLog


class JSONLogger(EpochLog):
    """One object a line: {"epoch": 1, "learning_rate": 0.001, "loss": 0.69, ...}.

    Tables are lists of lists; what is no number (NaN, infinity) is null, as JSON has no word
    for it.
    """

    def line(self, figures: dict[str, Any]) -> str:
        return json.dumps({name: _plain(value) for name, value in figures.items()})

    def epoch_of(self, line: str) -> int | None:
        figures = json_text.parse(line)
        if not isinstance(figures, dict) or not is_whole(figures.get("epoch")):
            raise ValueError(f"a line without an epoch: {line[:60]!r}")
        return int(figures["epoch"])


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, float | int | str | None) else str(value)
