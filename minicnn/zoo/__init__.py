"""Networks ready to use, one a file."""

from minicnn.zoo.catdog import catdog
from minicnn.zoo.efficientnet import efficientnet_lite0

__all__ = ["catdog", "efficientnet_lite0"]
