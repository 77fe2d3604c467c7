"""How weights begin: one function an idea, looked up by its Keras name.

A signal that passes through a layer should neither fade nor swell. A unit that adds up
``fan_in`` inputs of variance 1 with weights of variance σ² has variance fan_in·σ²; the same
holds backwards with ``fan_out``. Glorot takes the mean of the two, He doubles fan_in's share
because ReLU throws half of the signal away, LeCun takes fan_in as it is.

>>> glorot_uniform((3, 3, 3, 16), np.random.default_rng(0)).shape
(3, 3, 3, 16)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minicnn.errors import ConfigError
from minicnn.typing import Array, Shape

Initializer = Callable[[Shape, np.random.Generator], Array]


class Unfilled(np.random.Generator):
    """Given to ``build`` in place of a generator when the weights come from elsewhere.

    Layers then make their arrays without filling them: loading draws no number in vain, and
    a file that promises a huge layer costs no memory before its arrays are found missing.
    """

    def __init__(self) -> None:
        super().__init__(np.random.Philox(key=0))


def fans(shape: Shape) -> tuple[int, int]:
    """Inputs and outputs of a unit: of ``(inputs, units)``, or of ``(KH, KW, C, F)``.

    Of a shape with one axis, ``(C,)``, both are C, as in Keras; of ``()`` both are 1.

    >>> fans((18496, 512)), fans((3, 3, 16, 32))
    ((18496, 512), (144, 288))
    """
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    cells = int(np.prod(shape[:-2], dtype=np.int64))
    return cells * shape[-2], cells * shape[-1]


def zeros(shape: Shape, rng: np.random.Generator) -> Array:
    """All zeros: for biases."""
    return np.zeros(shape)


def ones(shape: Shape, rng: np.random.Generator) -> Array:
    """All ones: for the scale of a normalisation."""
    return np.ones(shape)


def glorot_uniform(shape: Shape, rng: np.random.Generator) -> Array:
    """Uniform within ±√(6 / (fan_in + fan_out)): variance 2 / (fan_in + fan_out)."""
    limit = np.sqrt(6 / sum(fans(shape)))
    return rng.uniform(-limit, limit, shape)


def glorot_normal(shape: Shape, rng: np.random.Generator) -> Array:
    """Normal, cut at two deviations, with variance 2 / (fan_in + fan_out)."""
    return _truncated_normal(shape, rng, np.sqrt(2 / sum(fans(shape))))


def he_uniform(shape: Shape, rng: np.random.Generator) -> Array:
    """Uniform within ±√(6 / fan_in): variance 2 / fan_in."""
    limit = np.sqrt(6 / fans(shape)[0])
    return rng.uniform(-limit, limit, shape)


def he_normal(shape: Shape, rng: np.random.Generator) -> Array:
    """Normal, cut at two deviations, with variance 2 / fan_in."""
    return _truncated_normal(shape, rng, np.sqrt(2 / fans(shape)[0]))


def lecun_normal(shape: Shape, rng: np.random.Generator) -> Array:
    """Normal, cut at two deviations, with variance 1 / fan_in."""
    return _truncated_normal(shape, rng, np.sqrt(1 / fans(shape)[0]))


def _truncated_normal(shape: Shape, rng: np.random.Generator, deviation: float) -> Array:
    draws = rng.standard_normal(shape)
    while (outside := np.abs(draws) > 2).any():
        draws[outside] = rng.standard_normal(int(outside.sum()))
    return draws * (deviation / 0.87962566103423978)  # the deviation that cutting leaves of 1


BY_NAME: dict[str, Initializer] = {
    f.__name__: f
    for f in (zeros, ones, glorot_uniform, glorot_normal, he_uniform, he_normal, lecun_normal)
}


def get(initializer: str | Initializer, where: str = "") -> Initializer:
    """The initializer of this name, or the function itself; ``where`` names the layer in errors."""
    if callable(initializer):
        return initializer
    if not isinstance(initializer, str) or initializer not in BY_NAME:
        raise ConfigError(
            f"{where}{': ' * bool(where)}expected an initializer from {', '.join(BY_NAME)} or a "
            f"function (shape, rng) -> array, got {initializer!r}"
        )
    return BY_NAME[initializer]
