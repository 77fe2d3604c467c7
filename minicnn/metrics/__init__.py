"""How good predictions are: tables, curves over thresholds, counted metrics."""

from minicnn.backends import to_numpy
from minicnn.metrics.counted import FIGURES, Auc, FromTable, Metric
from minicnn.metrics.curves import (
    Calibration,
    PrecisionRecall,
    Roc,
    calibration,
    precision_recall_curve,
    roc_curve,
)
from minicnn.metrics.distance import Distance
from minicnn.metrics.names import get
from minicnn.metrics.tables import (
    accuracy,
    auc,
    confusion_matrix,
    f1,
    iou,
    mean_iou,
    precision,
    predicted_classes,
    recall,
    true_classes,
)
from minicnn.metrics.top_k import TopK

__all__ = [
    "FIGURES",
    "Auc",
    "Calibration",
    "Distance",
    "FromTable",
    "Metric",
    "PrecisionRecall",
    "Roc",
    "TopK",
    "accuracy",
    "auc",
    "calibration",
    "confusion_matrix",
    "f1",
    "get",
    "iou",
    "mean_iou",
    "precision",
    "precision_recall_curve",
    "predicted_classes",
    "recall",
    "roc_curve",
    "to_numpy",
    "true_classes",
]
