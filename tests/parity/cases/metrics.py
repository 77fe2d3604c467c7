"""Metrics: compared with Keras."""

from dataclasses import dataclass

from tests.parity import drawing


@dataclass(frozen=True)
class MetricCase:
    """A figure over forty predictions in steps of 0.1: many ties, some exactly at 0.5.

    ``highest`` below 0.5 makes predictions among which nothing is found.
    """

    name: str
    figure: str  # minicnn's name
    kind: str  # Keras's
    classes: int = 1
    sparse: bool = False
    highest: float = 1.0

    def predictions(self):
        drawn = drawing.uniform(f"metrics/{self.classes}/y_pred", (40, self.classes), 0, 1)
        return drawing.tenths(drawn * self.highest)

    def labels(self):
        if self.classes == 1:
            return drawing.whole("metrics/binary", (40, 1), 2).astype(float)
        labels = drawing.whole("metrics/labels", (40,), self.classes)
        return labels if self.sparse else drawing.one_hot(labels, self.classes)


METRICS = [
    MetricCase("accuracy-binary", "accuracy", "BinaryAccuracy"),
    MetricCase("accuracy-categorical", "accuracy", "CategoricalAccuracy", classes=4),
    MetricCase("accuracy-sparse", "accuracy", "SparseCategoricalAccuracy", classes=4, sparse=True),
    MetricCase("precision", "precision", "Precision"),
    MetricCase("precision-nothing-found", "precision", "Precision", highest=0.4),
    MetricCase("recall", "recall", "Recall"),
    MetricCase("recall-nothing-found", "recall", "Recall", highest=0.4),
    MetricCase("f1", "f1", "F1Score"),
    MetricCase("f1-nothing-found", "f1", "F1Score", highest=0.4),
]
