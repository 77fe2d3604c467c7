"""Not an opponent: one large NumPy product, the most arithmetic that this machine gives.

It takes its turn among the others, so a share of it compares two figures of one moment.
"""

import numpy as np
from numpy.typing import NDArray

from benchmarks.arena.workloads import Workload

SIDE = 2048
FLOPS = 2 * SIDE**3


class Contender:
    def __init__(self, threads: int, variant: str) -> None:
        self.versions = {"numpy": np.__version__}

    def prepare(self, workload: Workload, x: NDArray[np.float32], y: NDArray[np.int64]) -> None:
        rng = np.random.default_rng(0)
        self.a, self.b = (rng.random((SIDE, SIDE), dtype=np.float32) for _ in range(2))
        self.out = np.empty((SIDE, SIDE), dtype=np.float32)

    def load(self, weights: list[NDArray[np.float32]]) -> None:
        pass

    def train(self) -> tuple[float, float]:
        np.matmul(self.a, self.b, out=self.out)
        return 0.0, 0.0

    def predict(self) -> NDArray[np.float32]:
        return np.matmul(self.a, self.b, out=self.out)
