"""minicnn itself, through its public names only: what a user would write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import minicnn as mc
from benchmarks.arena.workloads import (
    BatchNorm,
    Conv,
    Dense,
    Flatten,
    GlobalAverage,
    Layer,
    MaxPool,
    Relu,
    Residual,
    Workload,
)


def build(layers: Sequence[Layer]) -> list[mc.Layer]:
    return [translate(layer) for layer in layers]


def translate(layer: Layer) -> mc.Layer:
    match layer:
        case Conv():
            return mc.Conv2D(
                layer.filters,
                layer.kernel,
                strides=layer.stride,
                padding="same" if layer.same else "valid",
                use_bias=layer.bias,
                activation="relu" if layer.relu else None,
            )
        case Dense():
            return mc.Dense(layer.units, activation="relu" if layer.relu else None)
        case MaxPool():
            return mc.MaxPool2D(layer.size)
        case BatchNorm():
            return mc.BatchNorm(momentum=layer.momentum, epsilon=layer.epsilon)
        case Relu():
            return mc.ReLU()
        case GlobalAverage():
            return mc.GlobalAvgPool2D()
        case Flatten():
            return mc.Flatten()
        case Residual():
            shortcut = mc.Chain(*build(layer.shortcut)) if layer.shortcut else None
            return mc.Residual(mc.Chain(*build(layer.body)), shortcut=shortcut)
    raise TypeError(f"no minicnn layer for {layer}")


class Contender:
    def __init__(self, threads: int, variant: str) -> None:
        mc.set_threads(threads)
        self.versions = {"minicnn": mc.__version__, "numpy": np.__version__}

    def prepare(self, workload: Workload, x: NDArray[np.float32], y: NDArray[np.int64]) -> None:
        binary = workload.classes == 1
        layers = [*build(workload.layers), mc.Sigmoid() if binary else mc.Softmax()]
        self.model = mc.Sequential(layers, input_shape=workload.input_shape, seed=0)
        self.model.compile(
            optimizer=mc.RMSprop(1e-3, rho=0.9, epsilon=1e-7),
            loss="binary_crossentropy" if binary else "sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        self.x, self.y = x, y[:, None].astype(np.float32) if binary else y

    def load(self, weights: list[NDArray[np.float32]]) -> None:
        self.model.set_weights(weights)

    def train(self) -> tuple[float, float]:
        logs = self.model.train_on_batch(self.x, self.y)
        return logs["loss"], logs["accuracy"]

    def layers(self, task: str, steps: int) -> list[dict[str, Any]]:
        """Seconds a step by layer, forward and backward; whatever is no layer comes last."""
        step = getattr(self, task)
        step()
        with mc.stopwatch() as times:
            for _ in range(steps):
                step()
        parts = [
            {"layer": row.title, "forward": row.forward + row.infer, "backward": row.backward}
            for row in times.rows()
        ]
        parts.append({"layer": "everything else", "forward": times.rest, "backward": 0.0})
        return [
            {"layer": part["layer"], **{way: part[way] / steps for way in ("forward", "backward")}}
            for part in parts
        ]

    def predict(self) -> NDArray[np.float32]:
        return self.model.predict(self.x, batch_size=len(self.x))
