"""``network.params["conv2d_1/W"]``: the arrays of many layers in one mapping."""

from __future__ import annotations

from typing import Any, Self

from minicnn.errors import ConfigError
from minicnn.typing import Array, Params


class Paths(Params):
    """The arrays of layers by path; an array that is put in goes to its layer.

    >>> import numpy as np
    >>> inside = {"b": np.zeros(1)}
    >>> paths = Paths({"dense_1": inside})
    >>> paths["dense_1/b"] = np.ones(1)
    >>> inside
    {'b': array([1.])}
    """

    def __init__(self, holders: dict[str, Params]) -> None:
        super().__init__(
            {f"{n}/{k}": a for n, holder in holders.items() for k, a in holder.items()}
        )
        self._holders = holders

    def __setitem__(self, path: str, array: Array) -> None:
        if path not in self:
            raise ConfigError(f"expected one of {', '.join(self)}, got {path!r}")
        name, _, key = path.partition("/")
        self._holders[name][key] = array
        super().__setitem__(path, array)

    def update(self, *arrays: Any, **more: Any) -> None:
        """Put in several arrays, each where its path leads."""
        for path, array in dict(*arrays, **more).items():
            self[path] = array

    def __ior__(self, arrays: Any) -> Self:  # type: ignore[override,misc]
        self.update(arrays)
        return self

    def __delitem__(self, path: str) -> None:
        raise ConfigError(
            f"params: expected {path} to stay, got del; its layer cannot do without it, give it "
            f"other values instead"
        )

    def __reduce__(self) -> Any:
        return dict, (dict(self),)  # a copy belongs to nobody
