"""The network of the mission: cats against dogs (floor 7)."""

from __future__ import annotations

from minicnn.layers import Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D
from minicnn.model import Sequential


def catdog(seed: int = 0, dropout: float = 0.0) -> Sequential:
    """Three rounds of convolution, ReLU and pooling; a dense layer; a sigmoid.

    The maps grow fewer in pixels and richer in kinds, 150×150×3 to 17×17×64, until a dense
    layer of 512 reads them and one unit says how much of a dog it sees. ``dropout`` above 0
    drops that share of the 512.

    >>> catdog().count_params()
    9494561
    """
    drop: list[Layer] = [Dropout(dropout)] if dropout else []
    return Sequential(
        [
            Conv2D(16, 3, activation="relu"),
            MaxPool2D(2),
            Conv2D(32, 3, activation="relu"),
            MaxPool2D(2),
            Conv2D(64, 3, activation="relu"),
            MaxPool2D(2),
            Flatten(),
            Dense(512, activation="relu"),
            *drop,
            Dense(1, activation="sigmoid"),
        ],
        input_shape=(150, 150, 3),
        seed=seed,
        name="catdog",
    )
