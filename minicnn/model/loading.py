"""``load_model``: a network as it was saved."""

from __future__ import annotations

import os
from collections.abc import Sequence

from minicnn.errors import SavingError
from minicnn.layers import Layer
from minicnn.model.sequential import Sequential
from minicnn.saving import ModelFile
from minicnn.saving.architecture import whitelist


def load_model(
    path: str | os.PathLike[str], custom_layers: Sequence[type[Layer]] = ()
) -> Sequential:
    """The model that ``model.save(path)`` has written, or that a checkpoint holds.

    Layers are rebuilt from minicnn's own classes. Give your own, if the model has any, as
    ``custom_layers=[MyLayer]``: nothing that the file says is ever imported or executed.

    >>> from minicnn import Dense
    >>> import tempfile
    >>> model = Sequential([Dense(3, activation="softmax")], input_shape=(2,))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/m.safetensors")
    ...     load_model(f"{folder}/m.safetensors")
    Sequential([Dense(units=3, activation='softmax')])
    """
    classes = whitelist({"Sequential": Sequential}, custom_layers)
    file = ModelFile.read(path)
    model = file.network(classes, path)
    if not isinstance(model, Sequential):
        raise SavingError(f"{path}: expected a Sequential, got a {type(model).__name__}")
    model.remember(file.class_names, file.preprocessing)
    return model
