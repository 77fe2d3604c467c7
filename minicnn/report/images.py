"""Arrays and figures as images that stand in the page itself (Pillow, loaded late)."""

from __future__ import annotations

import base64
import io
import warnings
from typing import Any

import numpy as np

from minicnn.report.markup import Html, scrolling, tag
from minicnn.typing import Array

SMALL = 64  # pixels: below, they are shown as squares and kept exactly
DPI = 130
NARROW = 350  # pixels, that fit on every page
PER_INCH = 84  # pixels on the page: so much smaller than drawn, lines and letters stay sharp


def as_bytes(picture: Array) -> Array:
    """A picture (H, W, 1 or 3) of any numbers as uint8; floats outside 0..1 are brought inside.

    >>> as_bytes(np.array([[[0.0], [1.0]]])).ravel(), as_bytes(np.array([[[-2.0], [2.0]]])).ravel()
    (array([  0, 255], dtype=uint8), array([  0, 255], dtype=uint8))
    """
    if picture.dtype != np.uint8:
        low, high = float(picture.min()), float(picture.max())
        if low < 0 or high > 1:
            picture = (picture - low) / max(high - low, 1e-12)
        picture = np.rint(picture * 255).astype(np.uint8)
    return picture


def photograph(picture: Array, alt: str) -> Html:
    """A picture as an image; large ones are packed as photographs are."""
    from minicnn.data.pillow import Image

    H, W, C = picture.shape
    image = Image.fromarray(as_bytes(picture)[..., 0] if C == 1 else as_bytes(picture))
    file, small = io.BytesIO(), max(H, W) < SMALL
    image.save(file, "PNG") if small else image.save(file, "JPEG", quality=88)
    source = _uri(file.getvalue(), "png" if small else "jpeg")
    return tag("img", src=source, alt=alt, width=W, height=H, class_="small" if small else None)


def drawing(figure: Any, label: str, alt: str, photographs: bool = False) -> Html:
    """A matplotlib figure on paper; where the page is narrow it scrolls, and stays legible."""
    from minicnn.data.pillow import Image

    file = io.BytesIO()
    with warnings.catch_warnings():  # a name may have letters that the font lacks
        warnings.simplefilter("ignore")
        figure.savefig(
            file, format="png", dpi=DPI, facecolor="white", bbox_inches="tight", pad_inches=0.05,
            pil_kwargs={"compress_level": 1},
        )  # fmt: skip
    image = Image.open(file).convert("RGB")
    packed = io.BytesIO()
    if photographs:
        image.save(packed, "JPEG", quality=85, subsampling=0)
    else:  # few colours, and no haze around letters
        image.quantize(64, dither=Image.Dither.NONE).save(packed, "PNG", optimize=True)
    width, height = (round(size * PER_INCH / DPI) for size in image.size)
    kind = "jpeg" if photographs else "png"
    drawn = tag("img", src=_uri(packed.getvalue(), kind), alt=alt, width=width, height=height)
    paper = tag("div", drawn, class_="paper")
    return scrolling(paper, label) if width > NARROW else paper


def _uri(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
