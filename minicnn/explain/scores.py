"""The score of a class, and its gradient with respect to what any layer gives."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minicnn.backends import ops_for, to_numpy
from minicnn.data.arrays import as_samples
from minicnn.errors import ConfigError, NotBuiltError, ShapeError
from minicnn.layers import Layer
from minicnn.layers.inputs import floats
from minicnn.layers.taps import tap
from minicnn.model import Sequential
from minicnn.objective import up_to_scores
from minicnn.typing import Array

ClassIndex = int | Any  # one class for all samples, one for each, or None: the predicted ones


class Scores(NamedTuple):
    """One number for each sample, and its gradients: by the input, and by each layer's output."""

    classes: Array  # (N,) the class that the score speaks for
    scores: Array  # (N,)
    x: Array  # (N, ...) d score / d x
    outputs: dict[str, Array]  # what each layer gives, by path
    gradients: dict[str, Array]  # d score / d output, by path


def score_gradients(model: Sequential, x: Any, class_index: ClassIndex = None) -> Scores:
    """Forward with Dropout off, then back from the score of a class through all layers.

    ``class_index`` is one class, one for each sample, or None for the class predicted. The
    gradient by ``x`` is that of the floats which the network sees: uint8 counts from 0 to 1.
    """
    body, heard = tap(up_to_scores(model))
    inputs = floats(samples(model, x), model)
    outputs, cache = body.forward(inputs)
    classes, columns, signs = chosen(to_numpy(outputs), class_index)
    dy = np.zeros(outputs.shape, outputs.dtype)
    rows = np.arange(len(classes))
    dy[rows, columns] = signs
    dx, _ = body.backward(ops_for(outputs).asarray(dy), cache)
    return Scores(
        classes,
        to_numpy(outputs)[rows, columns] * signs,
        to_numpy(dx),
        {path: to_numpy(y) for path, y in heard.outputs.items()},
        {path: to_numpy(g) for path, g in heard.gradients.items()},
    )


def samples(model: Sequential, x: Any) -> Array:
    """A batch, if the model is one that can be asked about it."""
    if model.input_shape is None:
        raise NotBuiltError(
            "explain: expected a model that knows its input shape, got one that was never built; "
            "give Sequential(..., input_shape=(150, 150, 3)), or fit it first"
        )
    return as_samples(x, "x")


def chosen(outputs: Array, class_index: ClassIndex) -> tuple[Array, Array, Array]:
    """The class of each sample, the output that speaks for it, and with which sign.

    >>> chosen(np.array([[-2.0], [3.0]]), None)              # one output: two classes
    (array([0, 1]), array([0, 0]), array([-1, 1]))
    """
    if outputs.ndim != 2:
        raise ShapeError(
            f"explain: expected a network that ends in a row of scores, (N, classes), got outputs "
            f"of shape {outputs.shape}; end it in Flatten() or GlobalAvgPool2D(), and a Dense"
        )
    N, K = len(outputs), max(outputs.shape[1], 2)
    alone = outputs.shape[1] == 1
    if class_index is None:
        classes = (outputs[:, 0] > 0).astype(int) if alone else outputs.argmax(axis=1)
    else:
        classes = np.asarray(class_index)
        if classes.dtype.kind not in "iu" or classes.shape not in ((), (N,)):
            raise ConfigError(
                f"explain: expected class_index as a whole number, one for each of {N} samples, or "
                f"None for the class predicted, got {class_index!r}; the first class is 0"
            )
        classes = np.broadcast_to(classes, (N,)).astype(int)
        if classes.min() < 0 or classes.max() >= K:
            raise ConfigError(
                f"explain: expected class_index from 0 to {K - 1}, got {class_index!r}; this "
                f"network has {K} classes"
            )
    if alone:
        return classes, np.zeros_like(classes), np.where(classes == 1, 1, -1)
    return classes, classes, np.ones_like(classes)


def layer_at(model: Sequential, path: str) -> Layer:
    """The layer of this path, or an error that lists the paths."""
    layers = {layer.path: layer for layer in model.walk() if layer is not model}
    if path not in layers:
        raise ConfigError(
            f"explain: expected the path of a layer, got {path!r}; this network has "
            f"{', '.join(layers)}"
        )
    return layers[path]
