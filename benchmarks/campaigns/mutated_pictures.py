"""Damaged pictures of every common format: pixels or a reason, in bounded memory."""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, features

import minicnn as mc
from benchmarks.campaigns.campaign import Campaign, DefectError
from benchmarks.campaigns.damage import damaged

MAX_PIXELS = 1_000_000
MEMORY = 200 * 2**20  # bytes: a picture of so many pixels, several times over, and its decoder
OPTIONS = {
    "jpg": {"format": "JPEG"},
    "progressive.jpg": {"format": "JPEG", "progressive": True},
    "png": {"format": "PNG"},
    "gif": {"format": "GIF"},
    "bmp": {"format": "BMP"},
    "tif": {"format": "TIFF", "compression": "tiff_lzw"},
    "webp": {"format": "WEBP"},
    "ico": {"format": "ICO"},
    "ppm": {"format": "PPM"},
    "tga": {"format": "TGA"},
}


def scene() -> Image.Image:
    """Drawn, not photographed: smooth, with edges and a little noise."""
    pixels = mc.data.drawn_pets(1, (48, 64), workers=1)[0][0]
    return Image.fromarray(np.asarray(pixels))


def peak_memory() -> int:
    """The most that this process has needed so far, in bytes; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


class MutatedPictures(Campaign):
    name = "pictures"
    promise = "a damaged picture is pixels or a PictureError, within 200 MiB"
    small = 1500

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        picture = scene()
        self.files: dict[str, bytes] = {}
        for ending, options in OPTIONS.items():
            if options["format"] == "WEBP" and not features.check("webp"):
                continue
            file = io.BytesIO()
            picture.save(file, **options)
            self.files[ending] = file.getvalue()
            read(folder, f"whole.{ending}", file.getvalue())
        self.peak = peak_memory()

    def case(self, random: Random, folder: Path) -> str:
        ending = random.choice(sorted(self.files))
        content = damaged(self.files[ending], random)
        try:
            with nothing_said():
                read(folder, f"picture.{ending}", content)
            word = "read"
        except mc.data.PictureError as error:
            if f"picture.{ending}: " not in str(error):
                raise DefectError(f"a reason without the file's name: {error}") from error
            word = "refused"
        grown, self.peak = peak_memory() - self.peak, max(peak_memory(), self.peak)
        if grown > MEMORY:
            raise DefectError(f"{grown / 2**20:.0f} MiB for a file of {len(content):,} bytes")
        return word


@contextmanager
def nothing_said() -> Iterator[None]:
    """libtiff writes of each damage to the error output, past Python."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def read(folder: Path, name: str, content: bytes) -> None:
    """Read it as a data set does, and look at what comes."""
    path = folder / name
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as a data set does, of Pillow's
        pixels = mc.data.read_picture(str(path), (32, 40), MAX_PIXELS)
    if pixels.shape != (32, 40, 3) or pixels.dtype != np.uint8:
        raise DefectError(f"expected 32 by 40 pixels, got {pixels.shape} of {pixels.dtype}")
