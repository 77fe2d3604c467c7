"""GradientNorms: how long each layer's gradient is, step by step."""

from __future__ import annotations

import math

from minicnn.typing import Params


class GradientNorms:
    """Stands between network and optimizer, writes down lengths, and changes nothing.

    ``norms[path]`` is the length of the gradient of all parameters of that layer together, one
    number a step. Give it before anything that clips, to see what came out of the network:

        norms = mc.GradientNorms()
        model.compile(..., gradients=[norms, mc.ClipNorm(1.0)])
        model.fit(...)
        mc.viz.gradient_flow(norms)

    >>> import numpy as np
    >>> norms = GradientNorms()
    >>> grads = {"dense_1/W": np.array([[3.0]]), "dense_1/b": np.array([4.0])}
    >>> norms(grads, {}) is grads, norms.norms
    (True, {'dense_1': [5.0]})
    """

    def __init__(self) -> None:
        self.norms: dict[str, list[float]] = {}

    def __call__(self, grads: Params, params: Params) -> Params:
        """The gradients, as they came."""
        squares: dict[str, float] = {}
        for path, g in grads.items():
            layer = path.rpartition("/")[0]
            squares[layer] = squares.get(layer, 0.0) + float((g * g).sum())
        for layer, square in squares.items():
            self.norms.setdefault(layer, []).append(math.sqrt(square))
        return grads
