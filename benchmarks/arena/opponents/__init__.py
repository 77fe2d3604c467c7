"""Who takes part. Each module has a class ``Contender`` that keeps ``channel.Opponent``.

A framework with two honest ways to run (two memory layouts, with and without a compiler)
takes part twice, and its better time counts: the reader of a ratio wants to know what the
framework can do.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    name: str  # as in tables and JSON
    module: str
    variant: str = ""
    family: str = ""  # entries of one family share a place: the better counts

    @property
    def side(self) -> str:
        return self.family or self.name


HOME = Entry("minicnn", "minicnn_")
ROSTER = (
    HOME,
    Entry("pytorch", "pytorch", "contiguous", family="PyTorch"),
    Entry("pytorch-channels-last", "pytorch", "channels_last", family="PyTorch"),
    Entry("keras-tf", "keras_tf", family="Keras"),
    Entry("dezero", "dezero", family="DeZero"),
)
YARDSTICK = Entry("gemm", "yardstick")
