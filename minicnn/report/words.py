"""Numbers as people read them."""

from __future__ import annotations

import math
from datetime import datetime

from minicnn.report.markup import Html, tag
from minicnn.viz import lettering

OF_ONE = ("accuracy", "precision", "recall", "f1")  # figures that are shares of a whole


def duration(seconds: float) -> str:
    """Seconds in words.

    >>> duration(0.25), duration(9.96), duration(75), duration(7321)
    ('0.2 s', '10 s', '1 min 15 s', '2 h 2 min')
    """
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def figure(name: str, value: float) -> str:
    """One figure of an epoch: shares in percent, anything else to four digits.

    >>> figure("val_accuracy", 0.9734), figure("loss", 0.012345), figure("loss", float("nan"))
    ('97.3 %', '0.01235', 'no number')
    """
    if not math.isfinite(value):
        return "no number" if math.isnan(value) else "infinite"
    if name.removeprefix("val_").endswith(OF_ONE) and 0 <= value <= 1:
        return f"{value:.1%}".replace("%", " %")
    return f"{value:.4g}"


def percent(share: float) -> str:
    """A share without decimals, but never 100 % or 0 % of what is not all or nothing.

    >>> percent(0.5), percent(1), percent(0.9999), percent(0.999999), percent(1e-6)
    ('50 %', '100 %', '99.99 %', 'over 99.99 %', 'under 0.01 %')
    """
    return lettering.percent(share).replace("%", " %")


def counted(n: int, thing: str, things: str = "") -> str:
    """``1 picture``, ``1,000 pictures``."""
    return f"{n:,} {thing if n == 1 else things or thing + 's'}"


def moment(when: datetime) -> Html:
    """A time of day with its date, for people and for programs."""
    exact = when.astimezone().isoformat(timespec="seconds")
    return tag("time", when.strftime("%Y-%m-%d %H:%M:%S"), datetime=exact)
