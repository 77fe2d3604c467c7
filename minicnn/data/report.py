"""What became of every file of a folder: used, skipped with a reason, or passed over."""

from __future__ import annotations

from dataclasses import dataclass, field

from minicnn.data.counted import counted
from minicnn.data.picture_error import PictureError, printable
from minicnn.streams import for_console

SHOWN = 20  # lines of skipped pictures in the printed report; ``skipped`` has them all


@dataclass
class PictureReport:
    """``print(dataset.report)`` says what was read and what was not, and why."""

    root: str
    counts: dict[str, int]  # pictures used, by class
    skipped: list[PictureError] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    cache: str = ""

    @property
    def used(self) -> int:
        """How many pictures can be used."""
        return sum(self.counts.values())

    def __str__(self) -> str:
        classes = ", ".join(f"{printable(name)}: {count}" for name, count in self.counts.items())
        lines = [f"{counted(self.used, 'picture')} from {printable(self.root)} ({classes})"]
        if self.cache:
            lines.append(f"cache: {printable(self.cache)}")
        if self.ignored:
            some = ", ".join(printable(name) for name in self.ignored[:3])
            more = ", …" if len(self.ignored) > 3 else ""
            lines.append(f"{counted(len(self.ignored), 'other file')} passed over: {some}{more}")
        if self.skipped:
            lines.append(f"{counted(len(self.skipped), 'picture')} skipped:")
            lines += [f"  {error}" for error in self.skipped[:SHOWN]]
            if len(self.skipped) > SHOWN:
                lines.append(f"  … and {len(self.skipped) - SHOWN} more (see report.skipped)")
        return for_console("\n".join(lines))
