"""What becomes of a classifier when its threshold moves: ROC, precision and recall."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.metrics import auc, precision_recall_curve, roc_curve
from minicnn.viz.canvas import BLUE, GREY, ORANGE, panel


def roc(y_true: Any, y_pred: Any) -> Any:
    """The ROC curve; a square marks the threshold of one half, a dotted line mere guessing."""
    curve = roc_curve(y_true, y_pred)
    figure, axes = panel()
    axes.plot([0, 1], [0, 1], ":", color=GREY, label="guessing")
    axes.plot(curve.false_positive_rate, curve.true_positive_rate, color=BLUE, label="network")
    half = _at_half(curve.thresholds)
    if half is not None:
        place = curve.false_positive_rate[half], curve.true_positive_rate[half]
        axes.plot(*place, "s", color=ORANGE, mec="black", label="threshold ½")
    axes.set(
        xlabel="share of class 0 called 1", ylabel="share of class 1 called 1",
        title=f"ROC: area {area_said(auc(y_true, y_pred))}", aspect="equal",
    )  # fmt: skip
    axes.legend(frameon=False, loc="lower right")
    return figure


def precision_recall(y_true: Any, y_pred: Any) -> Any:
    """Precision over recall; a square marks the threshold of one half."""
    curve = precision_recall_curve(y_true, y_pred)
    figure, axes = panel()
    share = float(np.mean(np.asarray(y_true)))
    axes.axhline(share, color=GREY, linestyle=":", label="guessing")
    axes.step(curve.recall, curve.precision, where="pre", color=BLUE, label="network")
    half = _at_half(curve.thresholds)
    if half is not None:
        place = curve.recall[half], curve.precision[half]
        axes.plot(*place, "s", color=ORANGE, mec="black", label="threshold ½")
    axes.set(
        xlabel="recall: share of class 1 that is found",
        ylabel="precision: share of finds that are right",
        title="precision and recall", xlim=(0, 1.02), ylim=(0, 1.02),
    )  # fmt: skip
    axes.legend(frameon=False, loc="lower left")
    return figure


def area_said(area: float) -> str:
    """An area in three digits, or as many more as tell it from a perfect one.

    >>> area_said(0.93751), area_said(0.99951), area_said(1.0), area_said(1 - 1e-9)
    ('0.938', '0.9995', '1.000', 'over 0.99999')
    """
    for digits in (3, 4, 5):
        if area == 1 or float(f"{area:.{digits}f}") < 1:
            return f"{area:.{digits}f}"
    return "over 0.99999"


def _at_half(thresholds: Any) -> int | None:
    """The last threshold above one half, whose finds are those that ``predict`` calls class 1."""
    above = np.flatnonzero(thresholds > 0.5)
    return int(above[-1]) if above.size else None
