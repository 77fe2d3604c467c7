"""What the pictures of lessons 11 to 15 share: colours, bare axes, and where they are kept."""

import io
from pathlib import Path
from typing import Any

from PIL import Image

from minicnn.viz.canvas import BLUE, GREY, ORANGE, new_figure

HERE = Path(__file__).parent
LIMIT = 200_000  # bytes of a picture
INK = "#222222"

__all__ = ["BLUE", "GREY", "INK", "ORANGE", "arrow", "bare", "box", "keep", "new_figure"]


def bare(axes: Any) -> Any:
    """Axes without ticks and frame, to draw on in units of its own."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    return axes


def box(axes: Any, x: float, y: float, w: float, h: float, text: str = "", **options: Any) -> None:
    """A box with a word in its middle; (x, y) is its lower left corner."""
    from matplotlib.patches import FancyBboxPatch

    size = options.pop("size", 11)
    options = {"fc": "#ffffff", "ec": INK, "lw": 1.4, **options}
    shape = "round,pad=0,rounding_size=0.08"
    axes.add_patch(FancyBboxPatch((x, y), w, h, boxstyle=shape, **options))
    axes.text(x + w / 2, y + h / 2, text, ha="center", va="center", size=size, color=INK)


def arrow(axes: Any, start: Any, end: Any, **options: Any) -> None:
    """An arrow from one point to another."""
    options = {"color": INK, "lw": 1.4, "arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, **options}
    axes.annotate("", xy=end, xytext=start, arrowprops=options)


def keep(figure: Any, name: str, dpi: int = 130) -> None:
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
