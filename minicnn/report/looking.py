"""What the network makes of some samples: asked once, for all sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from minicnn.metrics import confusion_matrix, predicted_classes, true_classes
from minicnn.report.samples import Samples
from minicnn.report.words import percent
from minicnn.typing import Array
from minicnn.viz.mistakes import for_each_class


@dataclass(frozen=True)
class Answers:
    """The network's probabilities for samples whose classes are known."""

    samples: Samples
    predicted: Array  # as predict gives them
    truth: Array  # (N,) classes
    taken_for: Array  # (N,) classes
    classes: Sequence[str]

    @classmethod
    def of(cls, model: Any, samples: Samples, class_names: Sequence[str] | None) -> Answers | None:
        """Ask the network; None if it does not choose one class for each sample."""
        linked = model.trainer.link
        if not linked.classes or len(model.output_shape) != 1:
            return None
        p = model.predict(samples.x)
        if linked.body is linked.network:  # nothing was cut off: these may be logits
            p = linked.predictions(p)
        K = max(p.shape[-1], 2)
        names = list(class_names or ())
        if len(names) != K:
            names = [f"class {k}" for k in range(K)]
        return cls(samples, p, true_classes(samples.y, p), predicted_classes(p), names)

    @property
    def table(self) -> Array:
        """How often each true class (row) was taken for each class (column)."""
        return confusion_matrix(self.truth, self.predicted)

    @property
    def probabilities(self) -> Array:
        """A probability for each sample and class: (N, K)."""
        return for_each_class(self.predicted)

    @property
    def of_class_1(self) -> Array | None:
        """The probability of class 1, where there are two classes."""
        return self.probabilities[:, 1] if len(self.classes) == 2 else None

    def verdict(self, i: int) -> str:
        """What sample i is, and what it was taken for."""
        sure = percent(float(self.probabilities[i, self.taken_for[i]]))
        truth, taken_for = self.classes[self.truth[i]], self.classes[self.taken_for[i]]
        if truth == taken_for:
            return f"is {truth}, {sure} sure: right"
        return f"is {truth}, taken for {taken_for}, {sure} sure"
