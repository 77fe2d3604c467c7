"""What a backend adds to ``Ops`` if a whole epoch's figures may stay on its device.

``training/device_steps.py`` and ``training/feeding.py`` ask for these; a backend on the CPU has no
use for them and does without.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Any

from minicnn.backends.ops import Ops
from minicnn.typing import Array, Pair


class DeviceOps(Ops, ABC):
    """``Ops`` with figures that add up on the device, uploads ahead of use, and augmentation."""

    @abstractmethod
    def counting_into(self, figures: Array) -> AbstractContextManager[None]:
        """For a ``with`` block: add up in ``figures``, whose places ``cuda/figures.cu`` names."""

    @abstractmethod
    def ring(self) -> Any:
        """Room for batches on their way to the device: see ``uploads.py``."""

    @abstractmethod
    def stream(self) -> Any:
        """Where what is asked for now is done, one after another."""

    @abstractmethod
    def free_memory(self) -> int:
        """How many bytes of the device's memory are free."""

    @abstractmethod
    def look_finite(self, x: Array) -> None:
        """Note in the figures whether ``x`` has NaN or infinity in it."""

    @abstractmethod
    def tally(self, loss: Array, samples: int) -> None:
        """Add a step to the figures, or note that it went wrong."""

    @abstractmethod
    def count_answers(self, said: Array, classes: Array, table: int, threshold: float) -> None:
        """Add a batch's confusion matrix to the one that begins at place ``table``."""

    @abstractmethod
    def gather(self, x: Array, order: Array, dtype: Any) -> Array:
        """Some samples of ``x``, by their numbers (int32): bytes as floats of ``dtype``."""

    @abstractmethod
    def vary(
        self, x: Array, order: Array, matrices: Array, factors: Array, lights: tuple[bool, ...],
        beyond: tuple[int, int], size: Pair,
    ) -> Array:  # fmt: skip
        """Some pictures of ``x`` (bytes), by their numbers, as ``data.augment`` would vary them."""
