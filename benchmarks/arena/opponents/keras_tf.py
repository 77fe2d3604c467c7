"""Keras 3 on TensorFlow: ``train_on_batch`` and ``predict_on_batch``.

Both compile a whole step into one graph. Variant ``xla`` has it compiled once more by XLA,
which is what Keras's default ``jit_compile="auto"`` comes to; on a CPU the plain ``graph``,
with oneDNN's convolutions, is usually twice as fast, so both take part.
``train_on_batch`` costs 1 to 2 % of a mission step over a bare ``tf.function``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

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

JIT = {"xla": True, "graph": False}


def translate(layer: Layer) -> Any:
    layers = keras.layers
    match layer:
        case Conv():
            return layers.Conv2D(
                layer.filters,
                layer.kernel,
                strides=layer.stride,
                padding="same" if layer.same else "valid",
                use_bias=layer.bias,
                activation="relu" if layer.relu else None,
            )
        case Dense():
            return layers.Dense(layer.units, activation="relu" if layer.relu else None)
        case MaxPool():
            return layers.MaxPooling2D(layer.size)
        case BatchNorm():
            return layers.BatchNormalization(momentum=layer.momentum, epsilon=layer.epsilon)
        case Relu():
            return layers.ReLU()
        case GlobalAverage():
            return layers.GlobalAveragePooling2D()
        case Flatten():
            return layers.Flatten()
    raise TypeError(f"no Keras layer for {layer}")


class Contender:
    def __init__(self, threads: int, variant: str) -> None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        self.jit = JIT[variant]
        self.versions = {
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
            "numpy": np.__version__,
        }

    def _chain(self, layers: Sequence[Layer], x: Any) -> Any:
        for layer in layers:
            if isinstance(layer, Residual):
                x = keras.layers.Add()([self._chain(layer.body, x), self._chain(layer.shortcut, x)])
            else:
                self.built.append(translate(layer))
                x = self.built[-1](x)
        return x

    def prepare(self, workload: Workload, x: NDArray[np.float32], y: NDArray[np.int64]) -> None:
        keras.backend.clear_session()
        self.built: list[Any] = []
        binary = workload.classes == 1
        image = keras.Input(workload.input_shape)
        logits = self._chain(workload.layers, image)
        output = keras.layers.Activation("sigmoid" if binary else "softmax")(logits)
        self.model = keras.Model(image, output)
        self.model.compile(
            optimizer=keras.optimizers.RMSprop(1e-3, rho=0.9, epsilon=1e-7),
            loss="binary_crossentropy" if binary else "sparse_categorical_crossentropy",
            metrics=["accuracy"],
            jit_compile=self.jit,
        )
        # Tensors, so that no step pays for a copy out of NumPy.
        self.x = tf.constant(x)
        self.y = tf.constant(y[:, None].astype(np.float32) if binary else y)

    def load(self, weights: list[NDArray[np.float32]]) -> None:
        rest = iter(weights)
        for layer in self.built:
            layer.set_weights([next(rest) for _ in layer.weights])

    def train(self) -> tuple[float, float]:
        logs = self.model.train_on_batch(self.x, self.y, return_dict=True)
        return float(logs["loss"]), float(logs["accuracy"])

    def predict(self) -> NDArray[np.float32]:
        return np.asarray(self.model.predict_on_batch(self.x))
