"""Whether a network's probabilities can be believed."""

from __future__ import annotations

from typing import Any

from minicnn import metrics
from minicnn.viz.canvas import BLUE, GREY, new_figure


def calibration(y_true: Any, y_pred: Any, bins: int = 10) -> Any:
    """The share of class 1 over the probability that was given; below, how often it was given.

    On the dotted line, 80 % means 80 %. Above it the network is too modest, below too bold.
    """
    found = metrics.calibration(y_true, y_pred, bins)
    figure = new_figure(4.2, 4.8)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    above.plot([0, 1], [0, 1], ":", color=GREY, label="to be believed")
    above.plot(found.predicted, found.observed, "o-", color=BLUE, label="network")
    above.set(ylabel="share of class 1", title="calibration", xlim=(0, 1), ylim=(-0.03, 1.03))
    above.legend(frameon=False, loc="best")
    below.bar(found.predicted, found.counts, width=0.6 / bins, color=BLUE)
    below.set(xlabel="probability of class 1 that was given", ylabel="samples")
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
    return figure
