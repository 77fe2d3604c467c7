"""minicnn and PyTorch on a GPU: the arena's contenders, with all their arrays moved there.

A step takes a batch that lies on the GPU and ends with loss and accuracy as Python numbers, on
both sides. A prediction ends as a NumPy array.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

import minicnn as mc
from benchmarks.arena.opponents import minicnn_
from benchmarks.arena.workloads import Workload
from minicnn.training.device_steps import DeviceSteps

TASKS = ("train", "predict")


class Minicnn(minicnn_.Contender):
    """The CuPy backend, as a user meets it: pictures on the device, labels in NumPy."""

    steps_checked = 4  # plain, rehearsed, captured, repeated: see training/replay.py

    def __init__(self, graphs: bool = False) -> None:  # threads are the CPU's: nothing to set
        self.name = "minicnn graphs" if graphs else "minicnn"
        self.graphs = graphs
        self.tasks = ("train",) if graphs else TASKS

    def problem(self) -> str | None:
        """Why this side does not do what its name says, after the steps that are checked."""
        if not self.graphs:
            return None
        steps = self.model.trainer._single_steps
        known = steps.replay.shapes.values() if isinstance(steps, DeviceSteps) else []
        done = any(one and one.capture and one.capture.graph is not None for one in known)
        return None if done else "no step became a graph (logger minicnn.graphs says why)"

    def prepare(self, workload: Workload, x: NDArray[np.float32], y: NDArray[np.int64]) -> None:
        with mc.use_backend("cupy") as ops:
            super().prepare(workload, x, y)
            self.x = ops.asarray(self.x)

    def train(self) -> tuple[float, float]:
        os.environ["MINICNN_CUDA_GRAPHS"] = str(int(self.graphs))
        return super().train()


def torch_sides(compiled: bool) -> list[Any]:
    """PyTorch in both memory layouts, eager or compiled; nothing if it isn't installed."""
    try:
        import torch
    except ImportError:
        return []
    from benchmarks.arena.opponents import pytorch

    if compiled:  # what was compiled for other sides counts against a limit of recompilations
        torch._dynamo.reset()

    class Torch(pytorch.Contender):
        tasks = TASKS
        steps_checked = 1  # its RMSprop adds ε outside of the root: later losses may differ

        def problem(self) -> str | None:
            return None

        def __init__(self, variant: str) -> None:
            super().__init__(torch.get_num_threads(), variant)
            self.name = f"torch {'compiled' if compiled else 'eager'} {variant}"

        def prepare(self, workload: Workload, x: NDArray[np.float32], y: NDArray[np.int64]) -> None:
            super().prepare(workload, x, y)
            self.model.to("cuda")
            self.x, self.y = self.x.to("cuda"), self.y.to("cuda")

        def load(self, weights: list[NDArray[np.float32]]) -> None:
            super().load(weights)
            if compiled:
                self.model.compile(dynamic=False)

        def predict(self) -> NDArray[np.float32]:
            self.model.eval()
            with torch.inference_mode():
                logits = self.model(self.x)
                said = torch.sigmoid(logits) if self.binary else torch.softmax(logits, 1)
                return said.cpu().numpy()

    return [Torch("contiguous"), Torch("channels_last")]


def set_tf32(on: bool) -> None:
    """The same arithmetic on both sides. CuPy reads its switch at the first product."""
    os.environ["CUPY_TF32"] = str(int(on))
    try:
        import torch
    except ImportError:
        return
    torch.backends.cuda.matmul.allow_tf32 = on
    torch.backends.cudnn.allow_tf32 = on


def exact(workload: Workload, weights: list[NDArray[Any]], x: Any, y: Any) -> tuple[Any, Any]:
    """Predictions and the losses of the first steps in float64, by minicnn on the CPU."""
    side = minicnn_.Contender.__new__(minicnn_.Contender)
    side.prepare(workload, x.astype(np.float64), y)
    side.model.astype(np.float64)
    side.load(weights)
    said = side.predict()
    return said, [side.train()[0] for _ in range(Minicnn.steps_checked)]


def out_of_memory(error: BaseException) -> bool:
    """Whether a GPU was full: in the words of minicnn, of CuPy and of PyTorch."""
    names = {type(e).__name__ for e in (error, error.__cause__) if e is not None}
    return bool(names & {"OutOfMemoryError", "MemoryError"})
