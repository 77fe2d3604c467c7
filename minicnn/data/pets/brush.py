"""What draws: shapes in the pet's coordinates onto a Pillow picture (floor 4)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from minicnn.data.pets.camera import Camera
from minicnn.data.pets.textures import SIDE, UNITS, shading
from minicnn.typing import Array

Colour = tuple[int, int, int]


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """``a`` with a ``share`` of ``b`` in it."""
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


BLACK, WHITE = (18, 15, 16), (250, 247, 240)


def darker(colour: Colour, share: float) -> Colour:
    """The colour in shadow."""
    return mix(colour, BLACK, share)


def lighter(colour: Colour, share: float) -> Colour:
    """The colour with white in it."""
    return mix(colour, WHITE, share)


@dataclass(slots=True)
class Brush:
    """Paints shapes that a camera sees onto a picture."""

    image: Image.Image
    camera: Camera
    light: int = 10  # which of the sixteen shadings
    behind: Colour = (128, 128, 128)  # what lies behind the animal
    ground: Colour = (96, 96, 96)  # the animal's shadow on the ground
    draw: ImageDraw.ImageDraw = field(init=False)

    def __post_init__(self) -> None:
        self.draw = ImageDraw.Draw(self.image)

    def fill(self, outline: Array, colour: Colour) -> None:
        """One colour inside the outline (K, 2)."""
        self.draw.polygon(self.camera.project(outline).ravel().tolist(), fill=colour)

    def line(self, points: Array, colour: Colour, width: float) -> None:
        """A line through the points, ``width`` units wide and at least one pixel."""
        pixels = max(1, round(width * self.camera.unit))
        self.draw.line(self.camera.project(points).ravel().tolist(), fill=colour, width=pixels)

    def fur(
        self,
        outline: Array,
        colour: Colour,
        marks: tuple[tuple[Image.Image, Colour], ...] = (),
        rounded: bool = True,
    ) -> None:
        """A furry part: its colour, its markings, a shadow side if it is round, a darker edge."""
        pixels = self.camera.project(outline)
        flat = pixels.ravel().tolist()
        self.draw.polygon(flat, fill=colour)
        full_left, full_top = np.floor(pixels.min(axis=0)).astype(int).tolist()
        full_right, full_bottom = np.ceil(pixels.max(axis=0)).astype(int).tolist()
        left, top = max(full_left, 0), max(full_top, 0)
        right, bottom = min(full_right, self.image.width), min(full_bottom, self.image.height)
        if right - left < 2 or bottom - top < 2:
            return  # outside the picture, or a speck
        size = (right - left, bottom - top)
        if not marks and not rounded:
            self._edge(flat, colour)
            return
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).polygon((pixels - (left, top)).ravel().tolist(), fill=255)
        for texture, mark_colour in marks:
            seen = texture.transform(
                size, Image.Transform.AFFINE, self._texture_map(left, top), Image.Resampling.NEAREST
            )
            self.image.paste(mark_colour, (left, top), ImageChops.multiply(mask, seen))
        if rounded:
            scale_x = 48 / max(full_right - full_left, 1)
            scale_y = 48 / max(full_bottom - full_top, 1)
            box = (
                (left - full_left) * scale_x,
                (top - full_top) * scale_y,
                (right - full_left) * scale_x,
                (bottom - full_top) * scale_y,
            )
            shadow = shading(self.light).resize(size, Image.Resampling.BILINEAR, box=box)
            self.image.paste(BLACK, (left, top), ImageChops.multiply(mask, shadow))
        self._edge(flat, colour)

    def _edge(self, flat: list[float], colour: Colour) -> None:
        width = max(1, round(self.camera.unit * 0.04))
        self.draw.line([*flat, flat[0], flat[1]], fill=darker(colour, 0.5), width=width)

    def _texture_map(self, left: int, top: int) -> tuple[float, ...]:
        """Pillow's six figures that take a pixel of a part to a pixel of a marking."""
        per_unit = SIDE / UNITS
        a, b, c, d, e, f = (self.camera.back() * per_unit).ravel().tolist()
        return (
            a, b, c + SIDE / 2 + a * left + b * top,
            d, e, f + SIDE / 2 + d * left + e * top,
        )  # fmt: skip
