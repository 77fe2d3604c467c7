"""Where a sliding window lies on a map: pure integers, shared by every backend."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from minicnn.arguments import is_whole
from minicnn.errors import ConfigError
from minicnn.typing import Pair

Padding = str | int | tuple[Pair, Pair]


def pair(value: int | Pair, what: str) -> Pair:
    """``3`` or ``(3, 3)`` as a pair of positive ints.

    >>> pair(3, "kernel_size"), pair((1, 2), "strides")
    ((3, 3), (1, 2))
    """
    both = tuple(value) if isinstance(value, Iterable) else (value, value)
    if len(both) != 2 or not all(is_whole(v) and v >= 1 for v in both):
        name = what.rpartition(" ")[2]
        raise ConfigError(
            f"{what}: expected a positive whole number or a pair of them, got {value!r}; "
            f"write {name}=3 or {name}=(3, 3)"
        )
    return int(both[0]), int(both[1])


def same_pads(size: int, kernel: int, stride: int, dilation: int) -> Pair:
    """Cells to add before and after so that ``ceil(size / stride)`` windows fit.

    Keras's rule: when the number is odd, the odd cell goes to the end (bottom, right).

    >>> same_pads(5, kernel=3, stride=1, dilation=1), same_pads(4, kernel=3, stride=2, dilation=1)
    ((1, 1), (0, 1))
    """
    reach = (kernel - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


@dataclass(frozen=True, slots=True)
class Window:
    """A window of ``kernel`` cells that moves by ``strides`` over a padded map.

    ``size`` is the map's (H, W) before padding, ``pads`` is ((top, bottom), (left, right)),
    ``out`` counts the places where the window fits: (OH, OW).

    >>> Window.fit((150, 150), kernel=(3, 3)).out                  # the mission's first layer
    (148, 148)
    >>> Window.fit((5, 5), kernel=(2, 2), strides=(2, 2)).out        # a pool that drops a border
    (2, 2)
    """

    size: Pair
    kernel: Pair
    strides: Pair
    pads: tuple[Pair, Pair]
    dilation: Pair
    out: Pair

    @classmethod
    def fit(
        cls,
        size: Pair,
        kernel: Pair,
        strides: Pair = (1, 1),
        padding: Padding = "valid",
        dilation: Pair = (1, 1),
        where: str = "window",
    ) -> Window:
        """Lay the window on a map of ``size``; ``where`` names the layer in errors."""
        pads = _resolve_padding(size, kernel, strides, padding, dilation, where)
        out = []
        for axis, name in enumerate(("height", "width")):
            reach = (kernel[axis] - 1) * dilation[axis] + 1
            room = size[axis] + sum(pads[axis])
            if reach > room:
                raise ConfigError(
                    f"{where}: expected a kernel that fits into the input, got one "
                    f"that reaches over {reach} cells (size {kernel[axis]}, dilation "
                    f"{dilation[axis]}) on a map of {name} {size[axis]} (padded: {room}); use a "
                    f'smaller kernel, padding="same", or fewer pools before this layer'
                )
            out.append((room - reach) // strides[axis] + 1)
        return cls(size, kernel, strides, pads, dilation, (out[0], out[1]))

    @property
    def cells(self) -> int:
        """How many cells the window covers: KH · KW."""
        return self.kernel[0] * self.kernel[1]

    @property
    def padded(self) -> Pair:
        """(H, W) of the map with its padding."""
        (top, bottom), (left, right) = self.pads
        return self.size[0] + top + bottom, self.size[1] + left + right

    @property
    def is_padded(self) -> bool:
        """Whether any cell is added around the map."""
        return any(any(side) for side in self.pads)

    def cell(self, index: int) -> tuple[slice, slice]:
        """The rows and columns that the window's ``index``-th cell visits, window by window.

        ``padded_map[:, rows, columns, :]`` is then a view of shape (N, OH, OW, C): what cell
        ``index`` (row-major, KW fastest) sees at every place of the window. Everything that
        slides is written with these views: im2col, col2im and the pools.

        >>> Window.fit((4, 4), kernel=(2, 2), strides=(2, 2)).cell(3)
        (slice(1, 4, 2), slice(1, 4, 2))
        """
        kh, kw = divmod(index, self.kernel[1])
        return self._visits(0, kh), self._visits(1, kw)

    def _visits(self, axis: int, k: int) -> slice:
        start = k * self.dilation[axis]
        return slice(
            start, start + (self.out[axis] - 1) * self.strides[axis] + 1, self.strides[axis]
        )


def check_padding(padding: Any, where: str) -> Padding:
    """``padding`` if it is one of the forms a layer takes, else an error that lists them."""
    if isinstance(padding, str) and padding in ("valid", "same"):
        return padding
    if is_whole(padding) and padding >= 0:
        return int(padding)
    if isinstance(padding, (tuple, list)) and len(padding) == 2:
        sides = [tuple(p) if isinstance(p, (tuple, list)) else (p, p) for p in padding]
        if all(len(s) == 2 and all(is_whole(v) and v >= 0 for v in s) for s in sides):
            (top, bottom), (left, right) = sides
            return (int(top), int(bottom)), (int(left), int(right))
    raise ConfigError(
        f'{where}: expected padding "valid", "same", a number of cells, or '
        f"((top, bottom), (left, right)), got {padding!r}"
    )


def _resolve_padding(
    size: Pair, kernel: Pair, strides: Pair, padding: Padding, dilation: Pair, where: str
) -> tuple[Pair, Pair]:
    padding = check_padding(padding, where)
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        rows, columns = (same_pads(size[a], kernel[a], strides[a], dilation[a]) for a in range(2))
        return rows, columns
    if isinstance(padding, int):
        return (padding, padding), (padding, padding)
    assert not isinstance(padding, str)
    return padding
