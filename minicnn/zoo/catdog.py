"""The network of the mission: cats against dogs."""

from __future__ import annotations

from minicnn.arguments import whole
from minicnn.layers import Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D
from minicnn.model import Sequential


def catdog(seed: int = 0, dropout: float = 0.0, classes: int = 2) -> Sequential:
    """Three rounds of convolution, ReLU and pooling; a dense layer; a sigmoid.

    The maps grow fewer in pixels and richer in kinds, 150×150×3 to 17×17×64, until a dense
    layer of 512 reads them and one unit says how much of a dog it sees. ``dropout`` above 0
    drops that share of the 512. For more than two ``classes`` there is a unit for each, and a
    softmax over them.

    >>> catdog().count_params()
    9494561
    """
    two = whole(classes, "classes", "catdog", least=2) == 2
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
            Dense(1, activation="sigmoid") if two else Dense(classes, activation="softmax"),
        ],
        input_shape=(150, 150, 3),
        seed=seed,
        name="catdog",
    )
