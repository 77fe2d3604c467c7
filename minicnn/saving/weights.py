"""Every array of a network by its path: parameters and running figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from minicnn.backends import current_ops, ops_for
from minicnn.errors import SavingError
from minicnn.layers import Layer
from minicnn.layers.layer import FLOATS
from minicnn.typing import Array, Params


def slots(network: Layer) -> Iterator[tuple[str, Params, str]]:
    """(path, dictionary, key) of every array, layer by layer, in Keras's order."""
    for layer in network.walk():
        if not layer.children:
            for holder in (layer.params, layer.state):
                for key in holder:
                    yield f"{layer.path}/{key}", holder, key


def weights_of(network: Layer) -> dict[str, Array]:
    """All arrays as NumPy arrays."""
    found = list(slots(network))
    if len({path for path, _, _ in found}) < len(found):
        paths = [path for path, _, _ in found]
        twice = next(path for path in paths if paths.count(path) > 1)
        raise SavingError(f"expected a name for each array, got two called {twice}; rename one")
    return {path: ops_for(a := holder[key]).to_numpy(a) for path, holder, key in found}


def adopt(network: Layer, weights: Mapping[str, Array]) -> None:
    """Make ``weights`` the network's own arrays, in their own dtype."""
    _check(network, weights)
    for path, holder, key in slots(network):
        holder[key] = current_ops().asarray(weights[path])


def copy_into(network: Layer, weights: Mapping[str, Array]) -> None:
    """Copy the numbers of ``weights`` into the arrays that the network has."""
    _check(network, weights)
    for path, holder, key in slots(network):
        holder[key][...] = ops_for(holder[key]).asarray(weights[path], holder[key].dtype)


def _check(network: Layer, weights: Mapping[str, Array]) -> None:
    """Nothing is changed unless everything fits."""
    expected = {path: tuple(holder[key].shape) for path, holder, key in slots(network)}
    if missing := [path for path in expected if path not in weights]:
        raise SavingError(f"expected an array for {', '.join(missing)}, got none in the file")
    if foreign := [path for path in weights if path not in expected]:
        raise SavingError(f"expected no array that no layer has, got {', '.join(foreign)}")
    for path, shape in expected.items():
        array = weights[path]
        if array.shape != shape:
            raise SavingError(f"expected shape {shape} for {path}, got {array.shape} in the file")
        if array.dtype not in FLOATS:
            raise SavingError(f"expected floats for {path}, got {array.dtype} in the file")
