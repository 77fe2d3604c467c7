"""The loss at every learning rate that was tried."""

from __future__ import annotations

from typing import Any

from minicnn.training import LearningRates
from minicnn.viz.canvas import BLUE, GREY, new_figure


def learning_rates(found: LearningRates) -> Any:
    """The smoothed loss over the learning rate; a line marks the suggestion."""
    suggestion = found.suggestion
    figure = new_figure(4.8, 3.4)
    axes = figure.subplots()
    axes.plot(found.rates, found.losses, color=BLUE)
    axes.axvline(suggestion, color=GREY, linewidth=1, linestyle=":")
    axes.set(xscale="log", xlabel="learning rate", ylabel="loss", title=f"try {suggestion:.1g}")
    axes.spines[["top", "right"]].set_visible(False)
    return figure
