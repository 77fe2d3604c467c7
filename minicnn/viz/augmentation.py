"""What an augmentation does to pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.data.augment.augmentation import PixelPiece
from minicnn.data.augment.sheet import GAP, contact_sheet
from minicnn.typing import Array
from minicnn.viz.canvas import new_figure


def augmentation(
    pictures: Array, augment: PixelPiece | str = "classic", versions: int = 6, seed: int = 0
) -> Any:
    """A row for each picture: as it is, then as epochs 1, 2, ... of that seed would show it."""
    sheet = np.asarray(contact_sheet(pictures, augment, versions, seed))
    height, width = sheet.shape[:2]
    figure = new_figure(1.35 * (1 + versions), 1.35 * (1 + versions) * height / width + 0.3)
    axes = figure.subplots()
    axes.imshow(sheet)
    side = (sheet.shape[1] + GAP) // (1 + versions) - GAP
    places = [k * (side + GAP) + (side - 1) / 2 for k in range(1 + versions)]
    axes.set_xticks(places, ["as it is", *(f"epoch {k}" for k in range(1, versions + 1))])
    axes.set_yticks([])
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelsize=8)
    axes.spines[:].set_visible(False)
    return figure
