"""What a page tells, as plain data, and what it leaves for the page after it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

from minicnn.report.markup import Html
from minicnn.training import History
from minicnn.training.timekeeper import EpochTimes

Kind = Literal["running", "finished", "stopped", "interrupted", "failed"]
MEMORY = "minicnn-run"  # the name of the meta tag


@dataclass
class Pictures:
    """What was drawn of the network: markup by section, and facts for the top of the page."""

    after: int = 0  # epochs
    parts: dict[str, Html] = field(default_factory=dict)
    facts: list[tuple[str, str, str]] = field(default_factory=list)  # name, figure, remark


@dataclass
class Story:
    """A run until now."""

    title: str
    kind: Kind
    words: str  # of the state: "epoch 3 of 15"
    epochs: int
    history: History
    settings: list[tuple[str, str]]
    environment: list[tuple[str, str]]
    model: Any
    samples_are: str = "samples"  # or "pictures"
    refresh: int = 0  # seconds; 0: the page stays as it is
    begun: datetime = field(default_factory=datetime.now)
    written: datetime = field(default_factory=datetime.now)
    seconds: float = 0.0  # since it began, those before a resume included
    spent_here: float = 0.0  # of them, on this page
    spent_after: float = 0.0  # when all was over, on the last pictures
    times: dict[int, EpochTimes] = field(default_factory=dict)
    rates: dict[int, float] = field(default_factory=dict)
    pictures: Pictures = field(default_factory=Pictures)

    def series(self) -> dict[str, list[float]]:
        """The figures that are numbers, each with one for every epoch."""
        return {
            name: [float(value) for value in values]
            for name, values in self.history.history.items()
            if len(values) == len(self.history.epochs) and all(_is_number(v) for v in values)
        }

    def memory(self) -> str:
        """What only this page knows of the epochs, for one that goes on after a resume."""
        losses = self.series().get("loss", [])
        return json.dumps(
            {
                "seconds": self.seconds,
                "spent_here": self.spent_here,
                "epochs": [
                    {**asdict(self.times[e]), "loss": repr(loss), "rate": self.rates.get(e)}
                    for e, loss in zip(self.history.epochs, losses, strict=False)
                    if e in self.times
                ],
            }
        )

    def remember(self, page: Path) -> None:
        """Take over what the page of the run before has known of the epochs that are done.

        Whatever is wrong with it, or if it is of another run: nothing is taken, and all that
        is missing is how long those epochs took.
        """
        try:
            known = json.loads(_memory_in(page.read_text(encoding="utf-8")))
            losses = dict(zip(self.history.epochs, map(repr, self.series()["loss"]), strict=True))
            epochs = {int(row["epoch"]): dict(row) for row in known["epochs"]}
            ours = {e: row for e, row in epochs.items() if row.pop("loss") == losses.get(e)}
            rates = {e: row.pop("rate") for e, row in ours.items()}
            times = {e: EpochTimes(**row) for e, row in ours.items()}
            if all(_is_number(t.total) and t.samples >= 0 for t in times.values()) and times:
                self.rates |= {e: float(rate) for e, rate in rates.items() if rate is not None}
                self.times |= times
                self.seconds += float(known["seconds"])
                self.spent_here += float(known["spent_here"])
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return


def _is_number(value: Any) -> bool:
    return isinstance(value, float | int) or (hasattr(value, "shape") and value.shape == ())


def _memory_in(page: str) -> str:
    """The content of the meta tag."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            given: Mapping[str, str | None] = dict(attrs)
            if tag == "meta" and given.get("name") == MEMORY:
                found.append(given.get("content") or "")

    Reader().feed(page)
    return found[0] if found else ""
