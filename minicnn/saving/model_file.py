"""What a saved model consists of: one file, read by :func:`minicnn.load_model`.

A checkpoint is the same file with a ``training`` part, so it can be loaded as a model too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from minicnn.errors import MinicnnError, SavingError
from minicnn.initializers import Unfilled
from minicnn.layers import Layer
from minicnn.saving import meaning, plain, sealed
from minicnn.saving.architecture import Classes, Plain, describe, rebuild
from minicnn.saving.weights import adopt, weights_of
from minicnn.typing import Array, Shape
from minicnn.version import __version__

T = TypeVar("T")


@dataclass(frozen=True)
class ModelFile:
    """A network, its weights, and what it takes to use it on a picture."""

    architecture: Plain
    input_shape: Shape
    weights: dict[str, Array]
    class_names: Sequence[str] | None = None
    preprocessing: dict[str, Any] | None = None
    training: dict[str, Any] | None = None

    @classmethod
    def of(
        cls,
        network: Layer,
        class_names: Sequence[str] | None = None,
        preprocessing: dict[str, Any] | None = None,
        training: dict[str, Any] | None = None,
    ) -> Self:
        """What there is to save of a network that is built."""
        assert network.input_shape is not None
        return cls(
            describe(network),
            network.input_shape,
            weights_of(network),
            class_names,
            preprocessing,
            training,
        )

    def write(self, path: str | os.PathLike[str]) -> None:
        """Put everything into one file that is whole or not there."""
        arrays = dict(self.weights)
        document = {
            "minicnn": __version__,
            "architecture": self.architecture,
            "input_shape": list(self.input_shape),
            "weights": list(self.weights),
            "class_names": None if self.class_names is None else list(self.class_names),
            "preprocessing": plain.encode(self.preprocessing, arrays, "preprocessing"),
            "training": plain.encode(self.training, arrays, "training"),
        }
        sealed.write(path, document, arrays)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """What ``write`` has written; anything else is one :class:`SavingError`."""
        document, arrays = sealed.read(path)
        return _or_one_error(path, lambda: cls._from(document, arrays))

    @classmethod
    def _from(cls, document: dict[str, Any], arrays: dict[str, Array]) -> Self:
        shape, names = document["input_shape"], document["class_names"]
        if not all(type(side) is int and side > 0 for side in shape):
            raise SavingError(f"expected an input shape of whole numbers, got {shape!r}")
        wishes = plain.decode(document["preprocessing"], arrays)
        return cls(
            document["architecture"],
            tuple(shape),
            {name: arrays[name] for name in document["weights"]},
            meaning.class_names(names),
            meaning.preprocessing(wishes),
            plain.decode(document["training"], arrays),
        )

    def network(self, classes: Classes, path: str | os.PathLike[str]) -> Layer:
        """The network, built and with its weights; ``path`` is for error messages."""

        def build() -> Layer:
            network = rebuild(self.architecture, classes)
            network.build(self.input_shape, Unfilled())
            adopt(network, self.weights)
            return network

        return _or_one_error(path, build)


def _or_one_error(path: str | os.PathLike[str], make: Callable[[], T]) -> T:
    """What ``make`` makes; what it stumbles over came from the file, and is the file's fault."""
    try:
        return make()
    except Exception as error:
        reason = error if isinstance(error, MinicnnError) else f"{type(error).__name__}: {error}"
        raise SavingError(
            f"{path}: expected a model that can be rebuilt, got one that cannot: {reason}"
        ) from error
