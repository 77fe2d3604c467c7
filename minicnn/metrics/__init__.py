"""How good predictions are: tables, curves over thresholds, counted metrics (floor 2)."""

from minicnn.backends import to_numpy
from minicnn.metrics.counted import FIGURES, Auc, FromTable, Metric, get
from minicnn.metrics.curves import (
    Calibration,
    PrecisionRecall,
    Roc,
    calibration,
    precision_recall_curve,
    roc_curve,
)
from minicnn.metrics.tables import (
    accuracy,
    auc,
    confusion_matrix,
    f1,
    precision,
    predicted_classes,
    recall,
    true_classes,
)

__all__ = [
    "FIGURES",
    "Auc",
    "Calibration",
    "FromTable",
    "Metric",
    "PrecisionRecall",
    "Roc",
    "accuracy",
    "auc",
    "calibration",
    "confusion_matrix",
    "f1",
    "get",
    "precision",
    "precision_recall_curve",
    "predicted_classes",
    "recall",
    "roc_curve",
    "to_numpy",
    "true_classes",
]
