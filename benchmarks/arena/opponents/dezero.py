"""DeZero 0.0.13, the textbook framework on NumPy.

It builds all five workloads. Three things it cannot do by itself are done for it here:
it names ``np.int``, which NumPy removed in 1.24; it has no RMSprop, so its optimizer
interface gets one; and labels of more than 16 bits would turn its gradients into float64,
so it is given small ones.
"""

# ruff: noqa: E402, N812 - NumPy is mended before DeZero loads; F and L are DeZero's own habit

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

vars(np).setdefault("int", int)

import dezero
import dezero.functions as F
import dezero.layers as L

from benchmarks.arena.accounting import Shape, walk
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


class RMSprop(dezero.optimizers.Optimizer):  # type: ignore[misc]
    """Keras's formula, written as DeZero writes its own optimizers."""

    def __init__(self, lr: float = 1e-3, rho: float = 0.9, eps: float = 1e-7) -> None:
        super().__init__()
        self.lr, self.rho, self.eps = lr, rho, eps
        self.mean_squares: dict[int, NDArray[np.float32]] = {}

    def update_one(self, param: Any) -> None:
        g = param.grad.data
        v = self.mean_squares.setdefault(id(param), np.zeros_like(param.data))
        v *= self.rho
        v += (1 - self.rho) * g * g
        param.data -= self.lr * g / np.sqrt(v + self.eps)


class Normalise(L.BatchNorm):  # type: ignore[misc]
    """DeZero's batch normalisation with the workload's constants instead of its own."""

    def __init__(self, spec: BatchNorm) -> None:
        super().__init__()
        self.spec = spec

    def __call__(self, x: Any) -> Any:
        if self.avg_mean.data is None:
            self._init_params(x)
        running = self.avg_mean.data, self.avg_var.data
        return F.batch_nrom(
            x, self.gamma, self.beta, *running, self.spec.momentum, self.spec.epsilon
        )


class Network(dezero.Layer):  # type: ignore[misc]
    def __init__(self, layers: Sequence[Layer]) -> None:
        super().__init__()
        self.steps: list[tuple[Layer, Any]] = []
        for i, layer in enumerate(layers):
            made = translate(layer)
            for j, part in enumerate(made):
                setattr(self, f"l{i}_{j}", part)  # how DeZero comes to know a parameter
            self.steps.append((layer, made))

    def forward(self, x: Any) -> Any:
        for layer, made in self.steps:
            x = apply(layer, made, x)
        return x

    def weighted(self) -> list[Any]:
        """Every layer that has weights, in the order of ``accounting.walk``."""
        found: list[Any] = []
        for _, made in self.steps:
            for part in made:
                found.extend(part.weighted() if isinstance(part, Network) else [part])
        return found


def translate(layer: Layer) -> tuple[Any, ...]:
    match layer:
        case Conv():
            pad = layer.kernel // 2 if layer.same else 0
            made = L.Conv2d(layer.filters, layer.kernel, layer.stride, pad, nobias=not layer.bias)
            return (made,)
        case Dense():
            return (L.Linear(layer.units),)
        case BatchNorm():
            return (Normalise(layer),)
        case Residual():
            return Network(layer.body), Network(layer.shortcut)
    return ()


def apply(layer: Layer, made: tuple[Any, ...], x: Any) -> Any:
    match layer:
        case Conv() | Dense():
            y = made[0](x)
            return F.relu(y) if layer.relu else y
        case BatchNorm():
            return made[0](x)
        case MaxPool():
            return F.pooling(x, layer.size, layer.size)
        case Relu():
            return F.relu(x)
        case GlobalAverage():
            rows = F.reshape(x, (*x.shape[:2], -1))  # its sum over two axes has no gradient
            return F.sum(rows, axis=2) / rows.shape[2]
        case Flatten():
            return F.flatten(x)
        case Residual():
            body, shortcut = made
            return body(x) + shortcut(x)
    raise TypeError(f"no DeZero function for {layer}")


def binary_crossentropy(z: Any, t: NDArray[np.float32]) -> Any:
    """From logits: DeZero's own form clips at 0.999, and stands still once a logit passes 7."""
    size = F.relu(z) + F.relu(-z)
    return F.sum(F.relu(z) - z * t + F.log(1 + F.exp(-size))) / len(t)


class Contender:
    def __init__(self, threads: int, variant: str) -> None:
        self.versions = {"dezero": dezero.__version__, "numpy": np.__version__}

    def prepare(self, workload: Workload, x: NDArray[np.float32], y: NDArray[np.int64]) -> None:
        self.workload = workload
        self.binary = workload.classes == 1
        self.x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
        self.y = y[:, None].astype(np.float32) if self.binary else y.astype(np.int8)
        self.network = Network(workload.layers)
        with dezero.no_grad():
            self.network(self.x[:1])  # DeZero makes its weights when it first sees data
        self.optimizer = RMSprop().setup(self.network)

    def load(self, weights: list[NDArray[np.float32]]) -> None:
        """As for PyTorch, but that DeZero's Linear keeps (in, out)."""
        rest, made = iter(weights), iter(self.network.weighted())
        image: Shape = ()
        for layer, shape in walk(self.workload.layers, self.workload.input_shape):
            match layer:
                case Flatten():
                    image = shape
                case Conv():
                    part = next(made)
                    part.W.data = np.ascontiguousarray(next(rest).transpose(3, 2, 0, 1))
                    if layer.bias:
                        part.b.data = next(rest)
                case Dense():
                    part, w = next(made), next(rest)
                    if image:
                        w = w.reshape(*image, -1).transpose(2, 0, 1, 3).reshape(w.shape)
                        image = ()
                    part.W.data = np.ascontiguousarray(w)
                    part.b.data = next(rest)
                case BatchNorm():
                    part = next(made)
                    for name in ("gamma", "beta", "avg_mean", "avg_var"):
                        getattr(part, name).data = next(rest)

    def train(self) -> tuple[float, float]:
        logits = self.network(self.x)
        if self.binary:
            loss = binary_crossentropy(logits, self.y)
            accuracy = np.mean((logits.data > 0) == (self.y > 0))
        else:
            loss = F.softmax_cross_entropy(logits, self.y)
            accuracy = np.mean(logits.data.argmax(axis=1) == self.y)
        self.network.cleargrads()
        loss.backward()
        self.optimizer.update()
        return float(loss.data), float(accuracy)

    def predict(self) -> NDArray[np.float32]:
        with dezero.no_grad(), dezero.test_mode():
            logits = self.network(self.x)
            probabilities = F.sigmoid(logits) if self.binary else F.softmax(logits)
            return probabilities.data
