"""Line charts as SVG: they scale, follow the page's colours, and need no matplotlib.

Lines differ by colour, by dashes and by the shape of their points, so they are told apart by
everyone and in grey; what a chart shows is also said in words, and in a table below.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from minicnn.report.markup import Html, join, tag

WIDTH, HEIGHT = 460, 270
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 28, 46
MARKED = 40  # more points than these are drawn as a line alone


@dataclass(frozen=True)
class Line:
    """A line with its name; ``look`` is 0 or 1."""

    name: str
    values: Sequence[float]
    look: int = 0


@dataclass(frozen=True)
class Chart:
    """Figures over the epochs; ``mark`` is an epoch that a dotted line and a word point out."""

    epochs: Sequence[int]
    lines: Sequence[Line]
    words: str  # what is to be seen, for those who don't see it
    mark: tuple[int, str] | None = None
    percent: bool = False
    from_zero: bool = False

    def svg(self) -> Html:
        """The whole chart."""
        known = [v for line in self.lines for v in line.values if math.isfinite(v)]
        low, high = (min(known), max(known)) if known else (0.0, 1.0)
        steps = ticks(min(low, 0) if self.from_zero else low, high)
        axes = Axes(self.epochs[0], self.epochs[-1], steps[0], steps[-1])
        parts = [
            *(self._level(axes, level, steps) for level in steps),
            *(self._epoch(axes, epoch) for epoch in whole_ticks(*axes.across)),
            tag("text", "epoch", class_="axis", x=axes.x(sum(axes.across) / 2), y=HEIGHT - 4,
                text_anchor="middle"),
            self._mark(axes),
            *(self._line(axes, line) for line in self.lines),
        ]  # fmt: skip
        return tag(
            "svg", *parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=self.words,
            class_="chart",
        )  # fmt: skip

    def _level(self, axes: Axes, level: float, steps: Sequence[float]) -> Html:
        y = axes.y(level)
        label = label_of(level, steps, self.percent)
        line = tag("line", class_="grid", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y)
        said = tag("text", label, class_="axis", x=LEFT - 8, y=y + 4, text_anchor="end")
        return join([line, said])

    def _epoch(self, axes: Axes, epoch: int) -> Html:
        return tag("text", f"{epoch:,}", class_="axis", x=axes.x(epoch), y=HEIGHT - BOTTOM + 20,
                   text_anchor="middle")  # fmt: skip

    def _mark(self, axes: Axes) -> Html:
        if self.mark is None:
            return Html()
        epoch, word = self.mark
        x = axes.x(epoch)
        anchor = "start" if x < WIDTH / 3 else "end" if x > 2 * WIDTH / 3 else "middle"
        after = tag("rect", class_="after", x=x, y=TOP, width=round(WIDTH - RIGHT - x, 1),
                    height=HEIGHT - TOP - BOTTOM) if epoch < axes.last else None  # fmt: skip
        line = tag("line", class_="mark", x1=x, x2=x, y1=TOP - 4, y2=HEIGHT - BOTTOM)
        return join([after, line, tag("text", word, class_="marked", x=x, y=TOP - 10,
                                      text_anchor=anchor)])  # fmt: skip

    def _line(self, axes: Axes, line: Line) -> Html:
        points = [
            (epoch, value, axes.x(epoch), axes.y(value))
            for epoch, value in zip(self.epochs, line.values, strict=True)
            if math.isfinite(value)
        ]
        path = " ".join(f"{x},{y}" for _, _, x, y in points)
        drawn = [tag("polyline", class_=f"line look{line.look}", points=path)]
        if len(points) <= MARKED:
            for epoch, value, x, y in points:
                said = tag("title", f"{line.name}, epoch {epoch}: {value:.4g}")
                drawn.append(_point(line.look, x, y, said))
        return join(drawn)


def _point(look: int, x: float, y: float, said: Html) -> Html:
    if look == 0:
        return tag("circle", said, class_="point look0", cx=x, cy=y, r=3.5)
    return tag("rect", said, class_="point look1", x=round(x - 3.2, 1), y=round(y - 3.2, 1),
               width=6.4, height=6.4)  # fmt: skip


@dataclass(frozen=True)
class Axes:
    """From epochs and figures to places on the drawing."""

    first: int
    last: int
    low: float
    high: float

    @property
    def across(self) -> tuple[int, int]:
        """The first and the last epoch."""
        return self.first, self.last

    def x(self, epoch: float) -> float:
        """How far to the right; a single epoch stands in the middle."""
        share = (epoch - self.first) / (self.last - self.first) if self.last > self.first else 0.5
        return round(LEFT + 10 + share * (WIDTH - LEFT - RIGHT - 20), 1)

    def y(self, value: float) -> float:
        """How far down a value stands, in pixels from the top."""
        share = (value - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers around everything from ``low`` to ``high``.

    >>> ticks(0.013, 0.95), ticks(3, 3)
    ([0.0, 0.25, 0.5, 0.75, 1.0], [2.0, 2.5, 3.0, 3.5, 4.0])
    """
    if not high - low > 1e-9 * max(abs(low), abs(high)):
        middle, half = low, max(abs(low), 1e-300) / 3 if low else 1.0
        low, high = middle - half, middle + half
    rough = (high - low) / (about - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(nice for nice in (1, 2, 2.5, 5, 10) if nice * power >= rough * 0.9999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [k * step if k else 0.0 for k in range(first, last + 1)]


def whole_ticks(first: int, last: int, most: int = 8) -> list[int]:
    """Epochs to be named, at even distances.

    >>> whole_ticks(1, 15), whole_ticks(4, 4)
    ([2, 4, 6, 8, 10, 12, 14], [4])
    """
    if last - first < most:
        return list(range(first, last + 1))
    sizes = (nice * 10**k for k in range(12) for nice in (1, 2, 5))
    step = next(size for size in sizes if (last - first) / size < most)
    return list(range(-(-first // step) * step, last + 1, step))


def label_of(level: float, steps: Sequence[float], percent: bool) -> str:
    """A level with as many digits as tell it from its neighbours.

    >>> label_of(0.5, [0, 0.5, 1], percent=True), label_of(0.05, [0, 0.05], percent=False)
    ('50 %', '0.05')
    """
    gap = min((b - a for a, b in pairwise(steps)), default=1.0) * (100 if percent else 1)
    size = max(abs(step) for step in steps)
    if not percent and (size >= 1e5 or gap < 1e-5):
        return f"{level:.2g}"
    digits = max(0, math.ceil(-math.log10(gap) - 1e-9))
    digits += gap * 10**digits % 1 > 1e-6 and gap * 10**digits % 1 < 1 - 1e-6
    return f"{level * 100:.{digits}f} %" if percent else f"{level:,.{digits}f}"
