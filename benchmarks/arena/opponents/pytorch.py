"""PyTorch, eager, as its tutorials train: variants ``contiguous`` and ``channels_last``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from benchmarks.arena.accounting import Shape, shape_after, walk
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


class Sum(nn.Module):
    def __init__(self, body: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x) + self.shortcut(x)


def build(layers: Sequence[Layer], shape: Shape) -> nn.Sequential:
    modules: list[nn.Module] = []
    for layer in layers:
        match layer:
            case Conv():
                pad = layer.kernel // 2 if layer.same else 0
                modules.append(
                    nn.Conv2d(
                        shape[-1], layer.filters, layer.kernel, layer.stride, pad, bias=layer.bias
                    )
                )
            case Dense():
                modules.append(nn.Linear(shape[0], layer.units))
            case MaxPool():
                modules.append(nn.MaxPool2d(layer.size))
            case BatchNorm():
                modules.append(
                    nn.BatchNorm2d(shape[-1], eps=layer.epsilon, momentum=1 - layer.momentum)
                )
            case Relu():
                modules.append(nn.ReLU(inplace=True))
            case GlobalAverage():
                modules.extend([nn.AdaptiveAvgPool2d(1), nn.Flatten()])
            case Flatten():
                modules.append(nn.Flatten())
            case Residual():
                body, shortcut = build(layer.body, shape), build(layer.shortcut, shape)
                modules.append(Sum(body, shortcut))
        if isinstance(layer, Conv | Dense) and layer.relu:
            modules.append(nn.ReLU(inplace=True))
        shape = shape_after(layer, shape)
    return nn.Sequential(*modules)


class Contender:
    def __init__(self, threads: int, variant: str) -> None:
        torch.set_num_threads(threads)
        self.format = {
            "contiguous": torch.contiguous_format,
            "channels_last": torch.channels_last,
        }[variant]
        self.versions = {"torch": torch.__version__, "numpy": np.__version__}

    def prepare(self, workload: Workload, x: NDArray[np.float32], y: NDArray[np.int64]) -> None:
        self.workload = workload
        self.model = build(workload.layers, workload.input_shape).to(memory_format=self.format)
        self.optimizer = torch.optim.RMSprop(self.model.parameters(), lr=1e-3, alpha=0.9, eps=1e-7)
        self.x = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=self.format)
        self.y = torch.from_numpy(y)
        self.binary = workload.classes == 1
        if self.binary:
            self.y = self.y.float()[:, None]
        self.loss = nn.BCEWithLogitsLoss() if self.binary else nn.CrossEntropyLoss()

    def load(self, weights: list[NDArray[np.float32]]) -> None:
        """HWIO becomes OIHW, and the first Dense after an image reads it channel by channel."""
        rest = iter(weights)
        modules = iter(
            m for m in self.model.modules() if isinstance(m, nn.Conv2d | nn.Linear | nn.BatchNorm2d)
        )
        image: Shape = ()
        for layer, shape in walk(self.workload.layers, self.workload.input_shape):
            match layer:
                case Flatten():
                    image = shape
                case Conv():
                    module = next(modules)
                    copy(module.weight, next(rest).transpose(3, 2, 0, 1))
                    if layer.bias:
                        copy(module.bias, next(rest))
                case Dense():
                    module, w = next(modules), next(rest)
                    if image:
                        w = w.reshape(*image, -1).transpose(2, 0, 1, 3).reshape(w.shape)
                        image = ()
                    copy(module.weight, w.T)
                    copy(module.bias, next(rest))
                case BatchNorm():
                    module = next(modules)
                    for tensor in (
                        *(module.weight, module.bias),
                        *(module.running_mean, module.running_var),
                    ):
                        copy(tensor, next(rest))

    def train(self) -> tuple[float, float]:
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        logits = self.model(self.x)
        loss = self.loss(logits, self.y)
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            said = logits > 0 if self.binary else logits.argmax(1)
            accuracy = (said == self.y).float().mean()
        return loss.item(), accuracy.item()

    def predict(self) -> NDArray[np.float32]:
        self.model.eval()
        with torch.inference_mode():
            logits = self.model(self.x)
            return (torch.sigmoid(logits) if self.binary else torch.softmax(logits, 1)).numpy()


def copy(tensor: torch.Tensor, array: NDArray[np.float32]) -> None:
    with torch.no_grad():
        tensor.copy_(torch.from_numpy(np.ascontiguousarray(array)))
