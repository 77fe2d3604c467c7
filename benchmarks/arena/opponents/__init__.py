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
    own_rmsprop: bool = False  # divides by sqrt(v) + eps, where Keras has sqrt(v + eps)
    patient: bool = False  # many times slower: left out where large batches would take minutes

    @property
    def side(self) -> str:
        return self.family or self.name


HOME = Entry("minicnn", "minicnn_")
ROSTER = (
    HOME,
    Entry("pytorch", "pytorch", "contiguous", family="PyTorch", own_rmsprop=True),
    Entry("pytorch-channels-last", "pytorch", "channels_last", family="PyTorch", own_rmsprop=True),
    Entry("keras-xla", "keras_tf", "xla", family="Keras"),  # what "auto" comes to on a CPU
    Entry("keras-graph", "keras_tf", "graph", family="Keras"),
    Entry("dezero", "dezero", family="DeZero", patient=True),
)
YARDSTICK = Entry("gemm", "yardstick")
