"""What the pictures of all lessons share: the ink, and where and how they are kept."""

import io
from pathlib import Path
from typing import Any

from PIL import Image

HERE = Path(__file__).parent
LIMIT = 200_000  # bytes of a picture
INK = "#222222"


def keep(figure: Any, name: str, dpi: int = 150) -> None:
    """Save a figure beside this script, in so few colours that it stays small."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=dpi, facecolor="white")
    picture = Image.open(file).convert("RGB")
    for colours in (256, 128, 64, 32):
        small = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(small, "png", optimize=True)
        if small.tell() < LIMIT:
            break
    (HERE / f"{name}.png").write_bytes(small.getvalue())
    print(f"{name}.png: {picture.width}×{picture.height}, {small.tell() / 1000:.0f} kB")
