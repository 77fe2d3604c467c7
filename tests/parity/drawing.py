"""Numbers from a name, the same on every machine and with every NumPy (knows nobody).

Two programs must compute with the same inputs, one of them perhaps a year later, and nothing
as large as a weight matrix may be stored. NumPy promises that the raw words of a bit
generator never change, but not what ``standard_normal`` makes of them. So only raw words are
used here, and only arithmetic that IEEE 754 rounds in one way: no ``sin``, no ``exp``.
"""

from hashlib import blake2b

import numpy as np


def uniform(name, shape, low=-1.0, high=1.0):
    """Numbers between ``low`` and ``high`` that belong to this name, in float64."""
    key = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little")
    words = np.random.Philox(key=key).random_raw(int(np.prod(shape)))
    unit = (words >> np.uint64(11)) * 2.0**-53  # the 53 bits that a float64 holds, in [0, 1)
    return (low + (high - low) * unit).reshape(shape)


def whole(name, shape, below):
    """Whole numbers from 0 to ``below`` - 1."""
    return np.floor(uniform(name, shape, 0, below)).astype(np.int64)


def tenths(numbers):
    """Rounded to steps of 0.1, which makes ties."""
    return np.floor(numbers * 10 + 0.5) / 10


def one_hot(labels, classes):
    return np.eye(classes)[labels]


def weight(name, role, shape):
    """A value for one weight of a layer: every role away from its initial value.

    Gamma and variance stay near 1, so that no channel is switched off or blown up.
    """
    if role == "W":  # the glorot_uniform rule, which keeps signals at one size
        receptive = int(np.prod(shape[:-2]))
        limit = np.sqrt(6.0 / (receptive * (shape[-2] + shape[-1])))
        return uniform(name, shape, -limit, limit)
    low, high = {
        "b": (-0.1, 0.1),
        "gamma": (0.7, 1.3),
        "beta": (-0.2, 0.2),
        "mean": (-0.1, 0.1),
        "var": (0.7, 1.3),
    }[role]
    return uniform(name, shape, low, high)


def striped_pictures(name, count, size, classes):
    """Pictures of stripes in noise, and their labels: label 0 lies, 1 stands, 2.. are coarser."""
    labels = whole(name + "/labels", (count,), classes)
    noise = uniform(name + "/noise", (count, size, size, 3), 0, 0.6)
    tint = uniform(name + "/tint", (count, 1, 1, 3), 0.1, 0.4)
    place = np.arange(size)
    stripes = np.empty((count, size, size))
    for n, label in enumerate(labels):
        bands = ((place // (2 + 2 * (label // 2))) % 2).astype(float)
        stripes[n] = bands[:, None] if label % 2 == 0 else bands[None, :]
    return noise + tint * stripes[..., None], labels
