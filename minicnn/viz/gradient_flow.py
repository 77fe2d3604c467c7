"""How strongly each layer is pulled, step by step."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.errors import DataError
from minicnn.training import GradientNorms
from minicnn.typing import Array
from minicnn.viz.canvas import panel
from minicnn.viz.lettering import legend

STYLES = ("-", "--", "-.", ":")
POINTS = 60  # to which a long run is smoothed
LIGHTEST = 0.62  # of the shades: what is lighter is hard to see on white


def gradient_flow(norms: GradientNorms) -> Any:
    """The length of each layer's gradient over the steps, from the first layer (dark) to the last.

    Lines that fall apart by powers of ten tell of gradients that vanish or explode on the way
    down. Long runs are drawn by medians of neighbouring steps.
    """
    if not norms.norms:
        raise DataError(
            "gradient_flow: expected the gradients of at least one step, got none; give "
            "compile(gradients=[norms]) and train first"
        )
    from matplotlib import colormaps

    figure, axes = panel(6.4, 3.6)
    last = max(len(norms.norms) - 1, 1)
    for place, (layer, lengths) in enumerate(norms.norms.items()):
        steps, medians = _medians(np.array(lengths))
        shade = colormaps["cividis"](LIGHTEST * place / last)
        axes.plot(steps, medians, STYLES[place % len(STYLES)], color=shade, label=layer)
    axes.set(yscale="log", xlabel="step", ylabel="length of the gradient")
    legend(axes, axes.get_lines(), norms.norms, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def _medians(lengths: Array) -> tuple[Array, Array]:
    """Pieces of equal length: the middle step of each, counted from 1, and its median length."""
    pieces = np.array_split(np.arange(len(lengths)), min(len(lengths), POINTS))
    middles = np.array([piece.mean() + 1 for piece in pieces])
    return middles, np.array([np.median(lengths[piece]) for piece in pieces])
