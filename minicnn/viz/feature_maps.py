"""One picture's way through a network, in one figure drawn to scale."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minicnn.errors import ShapeError
from minicnn.layers import Chain, Dropout, Flatten, Layer
from minicnn.model import Sequential
from minicnn.typing import Array
from minicnn.viz.canvas import new_figure, show
from minicnn.viz.lettering import literal
from minicnn.viz.mosaic import mosaic, shades

GAP = 2  # pixels between maps
ACROSS = 8  # the figure is as wide as this many pictures
INCHES = 10
CAPTION = 0.27  # inches
UNITS = 0.12  # inches: the height of a strip of single numbers
SAME_AGAIN = (Chain, Dropout, Flatten)  # what they give, the layer before has shown


def feature_maps(model: Sequential, picture: Array) -> Any:
    """All maps of all layers for ``picture`` (H, W, C), to scale: deeper maps are smaller and more.

    Each map is scaled to its own largest number; black is 0 (middle grey, for maps with
    negative numbers too). The share of zeros stands above each layer: it shows how much of
    the picture the network has let go. ``model.layer_outputs`` has the numbers.
    """
    if picture.ndim != 3:
        raise ShapeError(
            f"feature_maps: expected one picture (H, W, C), got shape {picture.shape}; give x[0]"
        )
    outputs = model.layer_outputs(picture[None])
    wanted = [
        layer.path
        for layer in _as_they_run(model)
        if not isinstance(layer, SAME_AGAIN) and outputs[layer.path][0].size > 1
    ]
    H, W, _ = picture.shape
    inch = INCHES / (ACROSS * (W + GAP) - GAP)  # of one pixel
    strips = {path: _strip(outputs[path][0], ACROSS * (W + GAP)) for path in wanted}
    heights = [UNITS if strip.shape[0] == 1 else strip.shape[0] * inch for strip in strips.values()]
    total = H * inch + sum(heights) + CAPTION * len(heights) + 0.1
    figure = new_figure(INCHES, total, layout="none")
    top = total - H * inch
    show(figure.add_axes((0, top / total, W * inch / INCHES, H * inch / total)), picture)
    figure.text(W * inch / INCHES + 0.015, (top + H * inch / 2) / total, _legend(H, W), va="center")
    for path, height in zip(wanted, heights, strict=True):
        top -= CAPTION + height
        y, strip = outputs[path][0], strips[path]
        caption = f"{literal(path)}: {_size(y)}, {(y == 0).mean():.0%} zeros"
        figure.text(0, (top + height + 0.05) / total, caption, fontsize=9)
        wide = strip.shape[1] * inch if y.ndim == 3 else INCHES
        axes = figure.add_axes((0, top / total, min(wide / INCHES, 1), height / total))
        axes.axis("off")
        axes.imshow(strip, cmap="gray", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    return figure


def _as_they_run(layer: Layer) -> Iterator[Layer]:
    """All layers, those inside a container before the container itself."""
    for child in layer.children:
        yield from _as_they_run(child)
    yield layer


def _strip(y: Array, width: int) -> Array:
    """A layer's maps as one array of shades; single numbers as a row."""
    if y.ndim < 3:
        return shades(y.reshape(1, -1))
    maps = y.transpose(2, 0, 1)
    columns = min(len(maps), max(width // (y.shape[1] + GAP), 1))
    return mosaic(shades(maps), columns, GAP)


def _size(y: Array) -> str:
    if y.ndim < 3:
        return f"{y.size} numbers"
    h, w, C = y.shape
    return f"{C} map{'s' * (C > 1)} of {h}×{w}"


def _legend(H: int, W: int) -> str:
    return (
        f"The picture, {H}×{W}, and what each layer makes of it.\n"
        f"Maps are drawn to the picture's scale; black is 0."
    )
