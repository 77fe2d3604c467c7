"""What all figures share: matplotlib without a screen, and colours that everyone can tell apart.

Nothing is said by colour alone.
"""

from __future__ import annotations

from typing import Any

from minicnn.errors import MissingPackageError
from minicnn.typing import Array

# Okabe and Ito's: told apart by colour-blind readers, and by their lightness in grey.
BLUE, ORANGE, GREY = "#0072B2", "#E69F00", "#8c8c8c"


class PlotsMissingError(MissingPackageError):
    """matplotlib is not installed."""


def new_figure(width: float, height: float, layout: Any = "constrained") -> Any:
    """An empty figure that needs no display, and leaves matplotlib's settings alone."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PlotsMissingError(
            "expected matplotlib for a figure, got none; install it with "
            "pip install 'minicnn-textbook[plots]'"
        ) from error
    return Figure(figsize=(width, height), layout=layout)


def panel(width: float = 4.2, height: float = 3.8) -> tuple[Any, Any]:
    """A figure with one set of axes, open at the top and on the right."""
    figure = new_figure(width, height)
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def ink_on(colour: tuple[float, ...]) -> str:
    """Black or white, whichever is read on this colour: the contrast is at least 4.5.

    >>> ink_on((1, 1, 1)), ink_on((0, 0, 0.5))
    ('black', 'white')
    """
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if luminance > 0.179 else "white"  # where both have the same contrast


def show(axes: Any, picture: Array, **options: Any) -> None:
    """A picture, in colour or in grey, without ticks; floats count from 0 to 1."""
    axes.axis("off")
    picture = picture if picture.shape[-1] == 3 else picture[..., 0]
    brightest = 1 if picture.dtype.kind == "f" else 255
    axes.imshow(picture, cmap="gray", vmin=0, vmax=brightest, **options)
