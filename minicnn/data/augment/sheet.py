"""A contact sheet: what an augmentation does, to be looked at (Pillow, loaded late)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from minicnn.data.augment.augmentation import PixelPiece
from minicnn.data.augment.recipes import augmentation
from minicnn.data.augment.warp import checked
from minicnn.errors import DataError
from minicnn.randomness import generator
from minicnn.typing import Array

if TYPE_CHECKING:
    from PIL.Image import Image

GAP = 4  # white pixels between pictures


def contact_sheet(
    pictures: Sequence[Array] | Array, augment: PixelPiece | str, versions: int = 7, seed: int = 0
) -> Image:
    """A row for each picture: as it is, then ``versions`` augmented ones. ``.save("sheet.png")``.

    The k-th version of picture i is the one that a data set with this ``seed`` gives in epoch k.
    """
    from minicnn.data.pillow import Image

    if len(pictures) == 0:
        raise DataError("expected pictures for a contact sheet, got none; give one or more")
    pictures = [checked(picture) for picture in pictures]
    change = augmentation(augment)
    rows = [
        [
            picture,
            *(
                picture if change is None else change(picture, generator(seed, "augment", k, i))
                for k in range(versions)
            ),
        ]
        for i, picture in enumerate(pictures)
    ]
    cells = [cell.shape for row in rows for cell in row]  # an augmentation may change the size
    down, across = max(cell[0] for cell in cells) + GAP, max(cell[1] for cell in cells) + GAP
    sheet = np.full((len(rows) * down - GAP, (1 + versions) * across - GAP, 3), 255, np.uint8)
    for i, row in enumerate(rows):
        for k, shown in enumerate(row):
            height, width, _ = shown.shape
            sheet[i * down : i * down + height, k * across : k * across + width] = shown
    return Image.fromarray(sheet)
