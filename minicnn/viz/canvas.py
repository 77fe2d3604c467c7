"""What all figures share: matplotlib without a screen, and colours that everyone can tell apart."""

from __future__ import annotations

from typing import Any

from minicnn.errors import MinicnnError

# Okabe and Ito's: told apart by colour-blind readers, and by their lightness in grey.
BLUE, ORANGE, GREY = "#0072B2", "#E69F00", "#8c8c8c"


class PlotsMissingError(MinicnnError, ImportError):
    """matplotlib is not installed."""


def new_figure(width: float, height: float) -> Any:
    """An empty figure that needs no display, and leaves matplotlib's settings alone."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PlotsMissingError(
            "expected matplotlib for a figure, found none; install it with "
            "pip install 'minicnn[plots]'"
        ) from error
    return Figure(figsize=(width, height), layout="constrained")
