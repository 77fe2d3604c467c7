"""Where in a picture the evidence lies: Grad-CAM, occlusion and saliency over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minicnn.errors import ShapeError
from minicnn.typing import Array
from minicnn.viz.canvas import new_figure, show
from minicnn.viz.lettering import literal

DARK = 0.25  # what is left of the light where a map says nothing
CONTOUR = 0.5  # of the largest


def evidence(pictures: Array, maps: Mapping[str, Array], captions: Sequence[str] = ()) -> Any:
    """A row for each picture: as it is, then lit by each map, with a line around its upper half.

    A picture is bright where the map is large and dark where it is 0 or less, so it is
    read without any colour. ``maps`` are arrays (N, H, W) by name, as of ``mc.explain``:

        evidence(x, {"Grad-CAM": mc.explain.gradcam(model, x), ...})
    """
    for name, found in maps.items():
        if found.shape != pictures.shape[:3]:
            raise ShapeError(
                f"evidence: expected a map of shape {pictures.shape[:3]}, one for each picture, "
                f"got {found.shape} for {name!r}; give all of mc.explain.gradcam(model, x), say"
            )
    columns = 1 + len(maps)
    figure = new_figure(2.3 * columns, 2.5 * len(pictures))
    rows = figure.subplots(len(pictures), columns, squeeze=False)
    for i, (picture, row) in enumerate(zip(pictures, rows, strict=True)):
        show(row[0], picture)
        row[0].set_title(literal(captions[i]) if captions else "", fontsize=9)
        for axes, (name, found) in zip(row[1:], maps.items(), strict=True):
            show(axes, lit(picture, found[i]))
            if found[i].max() > 0:
                for width, colour in ((2.5, "black"), (1.0, "white")):
                    axes.contour(found[i], [CONTOUR * found[i].max()], colors=colour,
                                 linewidths=width)  # fmt: skip
            axes.set_title(f"{literal(name)}, at most {found[i].max():.2g}", fontsize=9)
    return figure


def lit(picture: Array, found: Array) -> Array:
    """The picture as floats from 0 to 1, as bright as the map is large."""
    light = np.maximum(found, 0) / max(float(found.max()), 1e-12)
    plain = picture / 255 if picture.dtype == np.uint8 else picture
    return np.asarray(plain * (DARK + (1 - DARK) * light[..., None]))
