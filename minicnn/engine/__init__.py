"""The machinery that runs a network over a batch (floor 3)."""

from minicnn.engine.engine import Engine
from minicnn.engine.link import Link, link

__all__ = ["Engine", "Link", "link"]
