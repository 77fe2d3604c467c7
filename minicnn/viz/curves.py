"""Loss and accuracy over the epochs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from minicnn.errors import DataError
from minicnn.training import History
from minicnn.viz.canvas import BLUE, GREY, ORANGE, new_figure
from minicnn.viz.lettering import literal


def curves(history: History) -> Any:
    """A panel for each figure, training and validation together.

    Where the validation loss is lowest a line is drawn: to its right (shaded), the network learns
    the training pictures by heart.
    """
    logs = history.history
    names = [n for n in logs if not n.startswith("val_") and isinstance(logs[n][0], float)]
    if not names:
        raise DataError("curves: expected a history with at least one epoch, got an empty one")
    figure = new_figure(4.8 * len(names), 3.7)
    epochs = [epoch + 1 for epoch in history.epochs]
    best = _lowest(logs.get("val_loss", []))
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        axes.plot(epochs, logs[name], "o-", color=BLUE, markersize=4, label="training")
        if f"val_{name}" in logs:
            held_back = logs[f"val_{name}"]
            axes.plot(epochs, held_back, "s--", color=ORANGE, markersize=4, label="validation")
        if best is not None and len(epochs) > 1:
            axes.axvline(epochs[best], color=GREY, linewidth=1, linestyle=":",
                         label=f"lowest validation loss: epoch {epochs[best]}")  # fmt: skip
            if best < len(epochs) - 1:
                axes.axvspan(epochs[best], epochs[-1] + 0.5, color=GREY, alpha=0.12, linewidth=0)
        axes.set(xlabel="epoch", title=literal(name), xlim=(epochs[0] - 0.5, epochs[-1] + 0.5))
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        axes.spines[["top", "right"]].set_visible(False)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    columns = 3 if len(names) > 1 else 2
    figure.legend(handles, labels, frameon=False, ncols=columns, loc="outside upper center")
    return figure


def _lowest(losses: Sequence[float]) -> int | None:
    """The place of the lowest loss that is a number."""
    known = [k for k, loss in enumerate(losses) if math.isfinite(loss)]
    return min(known, key=lambda k: losses[k]) if known else None
