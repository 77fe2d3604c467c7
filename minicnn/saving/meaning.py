"""What a network's outputs and inputs stand for: names and numbers that can be meant.

They are looked at where they are given, and once more where they are saved and loaded: a model
that is saved with two classes of one name cannot say which of them a picture shows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from minicnn.arguments import is_number, is_whole
from minicnn.errors import ConfigError
from minicnn.saving import plain


def class_names(names: Any, outputs: int | None = None) -> Sequence[str] | None:
    """``names`` if each stands for one class; ``outputs`` is how many the network has, if known.

    >>> class_names(["cat", "dog"], outputs=1)
    ['cat', 'dog']
    >>> class_names(["cat", "cat"])
    Traceback (most recent call last):
    minicnn.errors.ConfigError: class_names: expected a name for each class, got 'cat' twice
    """
    if names is None:
        return None
    if not are_texts(names):
        raise ConfigError(
            f'class_names: expected a list of texts, such as ["cat", "dog"], got {names!r}'
        )
    names = names if isinstance(names, list | tuple) else [str(name) for name in names]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ConfigError(f"class_names: expected a name for each class, got {twice[0]!r} twice")
    if outputs is not None and not fit(names, outputs):
        number = "2 for one output" if outputs == 1 else f"{outputs}, one for each output"
        raise ConfigError(f"class_names: expected {number}, got {len(names)}: {list(names)!r}")
    return names


def are_texts(names: Any) -> bool:
    """Whether it is a list of texts, or a tuple or an array of them."""
    listed = isinstance(names, list | tuple | np.ndarray) and len(names) > 0
    return listed and all(isinstance(name, str) and name for name in names)


def fit(names: Sequence[str], outputs: int) -> bool:
    """Whether so many outputs can tell so many classes apart; one output tells two apart."""
    return len(names) == outputs or (len(names), outputs) == (2, 1)


def _is_size(value: Any) -> bool:
    pair = isinstance(value, list | tuple) and len(value) == 2
    return pair and all(is_whole(side) and side > 0 for side in value)


# What the library itself reads; whatever else stands there is the user's own.
KNOWN: dict[str, tuple[Callable[[Any], bool], str]] = {
    "image_size": (_is_size, "a height and a width"),
    "five_crops_of": (_is_size, "a height and a width"),
    "channels": (lambda value: is_whole(value) and value > 0, "a whole number above 0"),
    "pixel_scale": (
        lambda value: is_number(value) and 0 < value < math.inf,
        "a number above 0, such as 1/255",
    ),
    "average_mirrored": (lambda value: isinstance(value, bool), "True or False"),
}


def preprocessing(wishes: Any) -> dict[str, Any] | None:
    """``wishes`` if a picture can be prepared so, and the file can hold them.

    >>> preprocessing({"channels": 0})
    Traceback (most recent call last):
    minicnn.errors.ConfigError: preprocessing: expected channels to be a whole number above 0, got 0
    """
    if wishes is None:
        return None
    if not isinstance(wishes, Mapping) or not all(isinstance(key, str) for key in wishes):
        raise ConfigError(
            f'preprocessing: expected a dictionary such as {{"pixel_scale": 1/255}}, got {wishes!r}'
        )
    for key, value in wishes.items():
        makes_sense, expected = KNOWN.get(key, (lambda _: True, ""))
        if not makes_sense(value):
            raise ConfigError(f"preprocessing: expected {key} to be {expected}, got {value!r}")
    plain.encode(wishes, {}, "preprocessing")
    return wishes if isinstance(wishes, dict) else dict(wishes)
