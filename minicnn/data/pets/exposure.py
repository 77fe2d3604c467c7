"""Light on the scene, and a camera that meters every picture: why colour tells nothing.

The notes warn of a data set that "a classifier on average RGB values" already solves: such a
network has learned the lamp. So the camera here sets the mean and the contrast of each channel
to figures that were drawn before anybody knew what animal would sit for the picture. Whatever
a classifier reads from these figures, it reads from noise. A camera that is not ``metered``
does the same to every scene, and so keeps what the scene's colours say.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from minicnn.data.pets.textures import grain
from minicnn.typing import Array

MEAN, CONTRAST = 118.0, 48.0  # of each channel of a picture with the light knob at 0
METERING_PASSES = 4  # clipping to 0..255 moves the figures; metering again brings them back


@dataclass(frozen=True, slots=True)
class Exposure:
    """The light of one picture, and what the camera makes of it."""

    mean: Array  # (3,) of each channel, 0..255
    contrast: Array  # (3,) standard deviation of each channel
    slope: tuple[float, float]  # how much brighter to the right and below
    shadow: tuple[float, float, float, float]  # an edge across the scene: angle, place, depth, blur
    grain: float
    corner: tuple[int, int]  # where this picture's grain is cut from
    eighth: int  # which side of a ball is lit, in sixteenths of a turn


def draw_exposure(rng: np.random.Generator, light: float) -> Exposure:
    """Even light and one exposure without the nuisance; dusk, glare, tints and shadows with it."""
    brightness, contrast = rng.uniform(-1, 1, 2).tolist()
    tint, balance = rng.uniform(-1, 1, 3), rng.uniform(-1, 1, 3)
    slope = (light * 0.5 * rng.uniform(-1, 1, 2)).tolist()
    angle, place, depth, blur = rng.uniform((0, -0.7, 0, 0.03), (6.28, 0.7, 1, 0.3)).tolist()
    corner, turn = rng.integers(0, 1024, 2).tolist(), rng.uniform(-1, 1)
    return Exposure(
        mean=MEAN + 46 * light * brightness + 22 * light * tint,
        contrast=(CONTRAST + 20 * light * contrast) * (1 + 0.12 * light * balance),
        slope=(slope[0], slope[1]),
        shadow=(angle, place, max(0.0, depth - 0.5) * 1.3 * light, blur),
        grain=6 * light,
        corner=(corner[0], corner[1]),
        eighth=round(10 + 8 * light * turn) % 16,
    )


@lru_cache(maxsize=4)
def _positions(height: int, width: int) -> tuple[Array, Array]:
    """Rows (H, 1) and columns (1, W) from -1 to 1."""
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    return rows, np.linspace(-1, 1, width, dtype=np.float32)[None, :]


def _light(height: int, width: int, exposure: Exposure) -> Array:
    """How bright each place is, from 0 to 1: (H, W)."""
    y, x = _positions(height, width)
    light = 1 + np.float32(exposure.slope[0]) * x + np.float32(exposure.slope[1]) * y
    angle, place, depth, blur = exposure.shadow
    if depth:
        edge = np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y - np.float32(place)
        light = light * (1 - np.float32(depth) * np.clip(0.5 + edge / np.float32(blur), 0, 1))
    return np.asarray(light / light.max())


def expose(pixels: Array, exposure: Exposure, metered: bool = True) -> Array:
    """The picture (H, W, 3), uint8, as this light shows it and this camera takes it."""
    height, width = pixels.shape[:2]
    planes = pixels.transpose(2, 0, 1) * _light(height, width, exposure)
    if exposure.grain:
        noise = grain()
        top, left = exposure.corner
        rows = np.arange(top, top + height) % noise.shape[0]
        columns = np.arange(left, left + width) % noise.shape[1]
        planes += np.float32(exposure.grain) * noise[rows[:, None], columns]
    film = np.clip(planes, 0, 255).astype(np.uint8)
    taken = np.empty_like(pixels)
    for channel, plane in enumerate(film):
        aim = exposure.mean[channel], exposure.contrast[channel]
        curve = _curve(plane, *aim) if metered else _same_curve(*aim)
        taken[:, :, channel] = curve[plane]
    return taken


def _same_curve(mean: float, contrast: float) -> Array:
    """The table (256,) of a camera that does not look, right for an average scene."""
    levels = mean + contrast * (np.arange(256.0) - MEAN) / CONTRAST
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def _curve(plane: Array, mean: float, contrast: float) -> Array:
    """A table (256,) from levels on film to levels in the picture with this mean and contrast.

    All figures come from the histogram, so that each try costs 256 steps and not H · W. Clipping
    moves both figures, so the aim is moved the other way until they are met.
    """
    counts = np.bincount(plane.ravel(), minlength=256) / plane.size
    levels = np.arange(256.0)
    centre = counts @ levels
    spread = max(1.0, float(counts @ (levels - centre) ** 2) ** 0.5)
    centred = (levels - centre) / spread
    offset, gain = mean, contrast
    for _ in range(METERING_PASSES):
        curve = np.clip(np.rint(offset + gain * centred), 0, 255)
        came = counts @ curve
        gain *= contrast / max(1.0, float(counts @ (curve - came) ** 2) ** 0.5)
        offset += mean - came
    return np.clip(np.rint(offset + gain * centred), 0, 255).astype(np.uint8)
