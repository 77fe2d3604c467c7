"""A saved model as what it is to a command: names for pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn.data.augment.warp import GREY
from minicnn.data.picture_error import printable
from minicnn.errors import ConfigError, SavingError
from minicnn.model import Sequential, load_model
from minicnn.typing import Array, Pair

MOST = 4  # times as large as the network's input may a picture be
USUAL_SCALE = 1 / 255  # what the library itself does to uint8 pictures


@dataclass(frozen=True)
class Classifier:
    """A network, the names of its classes, and the pictures that it wants.

    Pictures larger than the network's input are asked about five times: the four corners and
    the middle, each as large as the input. The answer is the mean.
    """

    model: Sequential
    classes: tuple[str, ...]
    image_size: Pair  # of the pictures
    pixel_scale: float
    average_mirrored: bool = False  # ask about the mirror image too, and take the mean

    @classmethod
    def load(cls, path: str) -> Classifier:
        """The classifier in a file that ``model.save`` or a checkpoint has written."""
        model = load_model(path)
        assert model.input_shape is not None
        assert model.output_shape is not None
        if len(model.input_shape) != 3 or model.input_shape[-1] not in (1, 3):
            raise SavingError(
                f"{path}: expected a model of pictures, in colour (H, W, 3) or grey (H, W, 1), got "
                f"one whose input is {model.input_shape}"
            )
        K = max(model.output_shape[-1], 2)
        names = tuple(model.class_names or (f"class {k}" for k in range(K)))
        if len(names) != K or len(model.output_shape) != 1:
            raise SavingError(
                f"{path}: expected a model with an output for each of its classes {list(names)}, "
                f"got one whose output is {model.output_shape}"
            )
        height, width, _ = model.input_shape
        wishes = model.preprocessing or {}
        size = _size(wishes.get("five_crops_of"), (height, width), path)
        scale, mirrored = wishes.get("pixel_scale", USUAL_SCALE), wishes.get("average_mirrored")
        return cls(model, names, size, float(scale), bool(mirrored))

    def probabilities(self, x: Array) -> Array:
        """How probable each class is, (N, K), for uint8 pictures (N, H, W, 3)."""
        assert self.model.input_shape is not None
        if self.model.input_shape[-1] == 1:
            x = np.rint(x @ GREY)[..., None].astype(np.uint8)
        if not np.isclose(self.pixel_scale, USUAL_SCALE):
            x = x.astype(np.float32) * self.pixel_scale
        answers = np.mean([self.model.predict(view) for view in self._views(x)], axis=0)
        if answers.shape[-1] == 1:
            answers = np.hstack([1 - answers, answers])
        if (answers < 0).any() or not np.allclose(answers.sum(axis=-1), 1, atol=1e-3):
            raise ConfigError(
                "expected a model whose answers are probabilities, got others; let it end in a "
                "sigmoid or a softmax"
            )
        return answers

    def _views(self, x: Array) -> Iterator[Array]:
        """All that the network is asked about these pictures."""
        assert self.model.input_shape is not None
        H, W, _ = self.model.input_shape
        down, along = x.shape[1] - H, x.shape[2] - W
        corners = {(0, 0), (0, along), (down, 0), (down, along), (down // 2, along // 2)}
        for top, left in sorted(corners):
            view = x[:, top : top + H, left : left + W]
            yield view
            if self.average_mirrored:
                yield view[:, :, ::-1]


def _size(wish: Any, least: Pair, path: str) -> Pair:
    """How large pictures are read for a network whose input has the size ``least``."""
    if wish is None:
        return least
    if (
        not isinstance(wish, list | tuple)
        or len(wish) != 2
        or not all(type(n) is int and m <= n <= MOST * m for n, m in zip(wish, least, strict=True))
    ):
        raise SavingError(
            f"{path}: expected five_crops_of to be a height and a width, from the model's input "
            f"{list(least)} to {MOST} times as large, got {wish!r}; set it in model.preprocessing "
            f"and save the model again"
        )
    return wish[0], wish[1]


def table(head: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    """Columns side by side: the first to the left, the others to the right."""
    rows = [[printable(cell) for cell in line] for line in (head, *lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    text = []
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        text.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    return "\n".join(text)
