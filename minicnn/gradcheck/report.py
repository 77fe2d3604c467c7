"""What a gradient check found, as a table."""

from __future__ import annotations

from dataclasses import dataclass

from minicnn.streams import for_console


@dataclass(frozen=True)
class GradRow:
    """What was found for one tensor."""

    tensor: str
    shape: tuple[int, ...]
    checked: str
    analytic: float
    numeric: float
    error: float  # relative
    allowed: float  # rtol, and more where float64 itself rounds more than that


@dataclass(frozen=True)
class GradReport:
    """A row for each tensor; ``print(report)`` shows the table."""

    subject: str
    rtol: float
    rows: tuple[GradRow, ...]

    @property
    def worst(self) -> GradRow:
        """The row with the largest error."""
        return max(self.rows, key=lambda row: row.error)

    def __str__(self) -> str:
        head = ("tensor", "shape", "checked", "backward", "numerical", "relative error", "allowed")
        table = [
            (
                row.tensor,
                str(row.shape),
                row.checked,
                f"{row.analytic:+.6e}",
                f"{row.numeric:+.6e}",
                f"{row.error:.1e}",
                f"{row.allowed:.1e}",
            )
            for row in self.rows
        ]
        widths = [max(len(line[i]) for line in [head, *table]) for i in range(len(head))]
        head_line, *lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in [head, *table]
        ]
        rule = "─" * max(map(len, (head_line, *lines)))
        title = f"Gradients of {self.subject}: right"
        return for_console("\n".join([title, rule, head_line, rule, *lines]))
