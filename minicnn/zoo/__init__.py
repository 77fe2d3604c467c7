"""Networks ready to use, one a file (floor 7)."""

from minicnn.zoo.catdog import catdog

__all__ = ["catdog"]
