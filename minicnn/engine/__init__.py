"""The machinery that runs a network over a batch (floor 3)."""

from minicnn.engine.engine import Engine

__all__ = ["Engine"]
