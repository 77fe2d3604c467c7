"""What draws: shapes in the pet's coordinates onto a Pillow picture."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from minicnn.data.pets.camera import Camera
from minicnn.data.pets.textures import SIDE, UNITS, shading
from minicnn.data.pillow import Image, ImageChops, ImageDraw
from minicnn.typing import Array

Colour = tuple[int, int, int]
Marks = tuple[tuple[Image.Image, Colour], ...]


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """``a`` with a ``share`` of ``b`` in it."""
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


EDGE = 0.04  # width of the line around a part, in units
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

    def fur(self, outline: Array, colour: Colour, marks: Marks = ()) -> None:
        """A round part of the animal: its colour, its markings, a shadow side, a darker edge."""
        self._fur(outline, colour, marks, rounded=True)

    def flat_fur(self, outline: Array, colour: Colour, marks: Marks = ()) -> None:
        """A part that is too thin to have a shadow side."""
        self._fur(outline, colour, marks, rounded=False)

    def _fur(self, outline: Array, colour: Colour, marks: Marks, rounded: bool) -> None:
        pixels = self.camera.project(outline)
        flat = pixels.ravel().tolist()
        self.draw.polygon(flat, fill=colour)
        if marks or rounded:
            low, high = np.floor(pixels.min(axis=0)), np.ceil(pixels.max(axis=0))
            corner = np.maximum(low, 0)
            width, height = (np.minimum(high, self.image.size) - corner).astype(int).tolist()
            if width > 0 and height > 0:  # some of it lies in the picture
                mask = Image.new("L", (width, height))
                ImageDraw.Draw(mask).polygon((pixels - corner).ravel().tolist(), fill=255)
                for texture, mark in marks:
                    self._paste(mark, mask, corner, texture, self._marking_map(corner))
                if rounded:
                    zoom = SIDE / np.maximum(high - low, 1)
                    start = (corner - low) * zoom
                    place = (zoom[0], 0.0, start[0], 0.0, zoom[1], start[1])
                    self._paste(BLACK, mask, corner, shading(self.light), place)
        edge = max(1, round(self.camera.unit * EDGE))
        self.draw.line([*flat, *flat[:2]], fill=darker(colour, 0.5), width=edge)

    def _paste(
        self,
        colour: Colour,
        mask: Image.Image,
        corner: Array,
        texture: Image.Image,
        place: tuple[float, ...],
    ) -> None:
        """Lay a colour over a part where both the part's mask and a texture let it through.

        ``place`` is the affine map from pixels of the mask to pixels of the texture.
        """
        seen = texture.transform(mask.size, Image.Transform.AFFINE, place, Image.Resampling.NEAREST)
        left, top = corner.astype(int).tolist()
        self.image.paste(colour, (left, top), ImageChops.multiply(mask, seen))

    def _marking_map(self, corner: Array) -> tuple[float, ...]:
        """Markings are fixed to the animal: their middle is its head's, they turn as it turns."""
        back = self.camera.back * (SIDE / UNITS)
        back[:, 2] += SIDE / 2 + back[:, :2] @ corner
        return tuple(back.ravel().tolist())
