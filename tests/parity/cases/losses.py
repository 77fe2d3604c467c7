"""Losses and their gradients: of logits compared with PyTorch, of all with Keras."""

from dataclasses import dataclass

import numpy as np

from tests.parity import drawing


@dataclass(frozen=True)
class LossCase:
    """A loss of drawn predictions; logits reach ``spread`` from zero."""

    name: str
    kind: str
    shape: tuple[int, ...]
    from_logits: bool | None = None  # None: the loss has no such option
    spread: float = 3.0

    def predictions(self):
        """Logits; or probabilities, the first certain and right, the second certain and wrong.

        The sparse loss is spared certainty: Keras clips there before it divides by the sum,
        where in its categorical loss, and in both of minicnn's, it is the other way round.
        """
        if self.from_logits is not False:
            return drawing.uniform(self.name + "/y_pred", self.shape, -self.spread, self.spread)
        drawn = drawing.uniform(self.name + "/y_pred", self.shape, 0.05, 0.95)
        if self.kind != "BinaryCrossentropy":
            drawn /= drawn.sum(axis=-1, keepdims=True)
        if self.kind != "SparseCategoricalCrossentropy":
            p, y = (a.reshape(-1, self.shape[-1]) for a in (drawn, self.labels()))
            p[0] = y[0]
            p[1] = 1 - y[1] if self.kind == "BinaryCrossentropy" else np.roll(y[1], 1)
        return drawn

    def labels(self):
        classes = self.shape[-1]
        if self.kind == "BinaryCrossentropy":
            return drawing.whole(self.name + "/y_true", self.shape, 2).astype(float)
        if self.kind in ("MeanSquaredError", "MeanAbsoluteError", "Huber"):
            return drawing.uniform(self.name + "/y_true", self.shape)
        labels = drawing.whole(self.name + "/y_true", self.shape[:-1], classes)
        sparse = self.kind == "SparseCategoricalCrossentropy"
        return labels if sparse else drawing.one_hot(labels, classes)


LOSSES = [
    case
    for kind, short, shape in [
        ("BinaryCrossentropy", "binary", (9, 1)),
        ("BinaryCrossentropy", "binary-many", (6, 3)),
        ("BinaryCrossentropy", "binary-every-pixel", (2, 4, 3, 1)),
        ("CategoricalCrossentropy", "categorical", (9, 5)),
        ("CategoricalCrossentropy", "categorical-every-pixel", (2, 4, 3, 5)),
        ("SparseCategoricalCrossentropy", "sparse", (9, 5)),
        ("SparseCategoricalCrossentropy", "sparse-every-pixel", (2, 4, 3, 5)),
    ]
    for case in [
        LossCase(f"{short}-probabilities", kind, shape, from_logits=False),
        LossCase(f"{short}-logits", kind, shape, from_logits=True),
        LossCase(f"{short}-logits-extreme", kind, shape, from_logits=True, spread=1e4),
    ]
] + [
    LossCase("mean-squared", "MeanSquaredError", (9, 2)),
    LossCase("mean-squared-every-pixel", "MeanSquaredError", (2, 4, 3, 1)),
    LossCase("mean-absolute", "MeanAbsoluteError", (9, 2)),
    LossCase("mean-absolute-every-pixel", "MeanAbsoluteError", (2, 4, 3, 1)),
    LossCase("huber", "Huber", (9, 2)),
    LossCase("huber-every-pixel", "Huber", (2, 4, 3, 1)),
]

LOSSES_OF_LOGITS = [case for case in LOSSES if case.from_logits is not False]
