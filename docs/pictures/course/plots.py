"""What the pictures of lessons 11 to 15 share: colours, bare axes, boxes and arrows."""

from typing import Any

from paper import INK, keep

from minicnn.viz.canvas import BLUE, GREY, ORANGE, new_figure

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
