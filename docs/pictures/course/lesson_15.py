"""Draw the pictures of lesson 15: ``python docs/pictures/course/lesson_15.py`` (some minutes).

It trains two small networks on drawn pets of 64×64 pixels: one gives the head's place and size,
the other says of each pixel whether it is pet.
"""

from itertools import pairwise
from typing import Any

import numpy as np
from plots import INK, arrow, bare, box, keep, new_figure

import minicnn as mc
from minicnn.typing import Array

SIZE, TRAINING, SHOWN = 64, 1000, 5
KNOBS = mc.data.Knobs(
    viewpoint=0.3, light=0.3, scale=0.8, deformation=0.6, occlusion=0, clutter=0.2, variation=0.5
)


def regressor() -> mc.Sequential:
    """Three numbers of a picture: the head's x, y and radius."""
    model = mc.Sequential([
        mc.Conv2D(12, 3, activation="relu"), mc.MaxPool2D(2),
        mc.Conv2D(24, 3, activation="relu"), mc.MaxPool2D(2),
        mc.Conv2D(32, 3, activation="relu"), mc.MaxPool2D(2),
        mc.Flatten(), mc.Dense(64, activation="relu"), mc.Dense(3),
    ], input_shape=(SIZE, SIZE, 3), seed=0)  # fmt: skip
    model.compile(mc.Adam(1e-3), "mean_squared_error")
    return model


def conv(filters: int) -> mc.Layer:
    """A convolution that keeps the map's size."""
    return mc.Conv2D(filters, 3, padding="same", activation="relu")


def down_and_up(filters: int, inside: mc.Layer) -> mc.Layer:
    """Half the size, ``inside``, and back; what was there before stands beside what comes back."""
    deep = mc.Chain(mc.MaxPool2D(2), inside, mc.UpSample2D(2))
    return mc.Chain(conv(filters), mc.Concat(mc.Chain(), deep), conv(filters))


def segmenter() -> mc.Sequential:
    """A number from 0 to 1 for each pixel: is it pet?"""
    model = mc.Sequential(
        [
            down_and_up(8, down_and_up(16, down_and_up(24, conv(32)))),
            mc.Conv2D(1, 1, activation="sigmoid"),
        ],
        input_shape=(SIZE, SIZE, 3), seed=0,
    )  # fmt: skip
    model.compile(mc.Adam(3e-3), "binary_crossentropy")
    return model


def box_of(head: Array) -> Array:
    """Left, top, right, bottom of the square around a head."""
    x, y, r = head
    return np.array([x - r, y - r, x + r, y + r])


def iou(a: Array, b: Array) -> float:
    """The share of two boxes' union that they have in common."""
    across = min(a[2], b[2]) - max(a[0], b[0])
    down = min(a[3], b[3]) - max(a[1], b[1])
    both = max(across, 0) * max(down, 0)
    areas = [(c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)]
    return float(both / (sum(areas) - both))


def answers() -> None:
    """Train both, and draw what they say of five pets that they have never seen."""
    x, _ = mc.data.drawn_pets(TRAINING, (SIZE, SIZE), seed=0, knobs=KNOBS)
    heads, masks = mc.data.drawn_truth(TRAINING, (SIZE, SIZE), seed=0, knobs=KNOBS)
    unseen, _ = mc.data.drawn_pets(100, (SIZE, SIZE), seed=1, knobs=KNOBS)
    true_heads, true_masks = mc.data.drawn_truth(100, (SIZE, SIZE), seed=1, knobs=KNOBS)

    places, pixels = regressor(), segmenter()
    both_ways = np.concatenate([x, x[:, :, ::-1]])
    mirrored = np.concatenate([heads, heads * [-1, 1, 1] + [1, 0, 0]]).astype(np.float32)
    places.fit(both_ways, mirrored, batch_size=20, epochs=30, verbose=2)
    pixels.fit(x, masks, batch_size=10, epochs=12, verbose=2)

    found = places.predict(unseen)
    shown = pixels.predict(unseen)[..., 0]
    off = np.hypot(*(found - true_heads)[:, :2].T) * SIZE
    lazy = np.hypot(*(heads.mean(0) - true_heads)[:, :2].T) * SIZE
    boxes = [iou(box_of(a), box_of(b)) for a, b in zip(found, true_heads, strict=True)]
    shares = [overlap(a > 0.5, b > 0) for a, b in zip(shown, true_masks, strict=True)]
    print(f"middle {off.mean():.1f} pixels off, the mean of all {lazy.mean():.1f}; "
          f"boxes {np.mean(boxes):.2f}, masks {np.mean(shares):.2f}")  # fmt: skip

    figure = new_figure(10, 6.4)
    rows = figure.subplots(3, SHOWN)
    for i in range(SHOWN):
        for axes in rows[:, i]:
            axes.axis("off")
            axes.imshow(unseen[i], extent=(0, 1, 1, 0))
        for head, line in ((true_heads[i], "--"), (found[i], "-")):
            circle(rows[0, i], head, line)
            square(rows[1, i], head, line)
        for mask, line in ((true_masks[i], "--"), (shown[i], "-")):
            outline(rows[2, i], mask, line)
        miss = f"{off[i]:.1f} pixels off"
        for axes, title in zip(
            rows[:, i], (miss, f"IoU {boxes[i]:.2f}", f"IoU {shares[i]:.2f}"), strict=True
        ):
            axes.set_title(title, fontsize=11)
    for axes, name in zip(rows[:, 0], ("numbers", "a box", "every pixel"), strict=True):
        axes.text(-0.12, 0.5, name, rotation=90, va="center", ha="center", size=13, color=INK)
    keep(figure, "15-answers", dpi=90)


def overlap(a: Array, b: Array) -> float:
    """The share of two masks' union that they have in common."""
    return float((a & b).sum() / (a | b).sum())


def circle(axes: Any, head: Array, line: str) -> None:
    """A head as a circle, white on black so that it shows on any fur."""
    from matplotlib.patches import Circle

    for colour, width in (("black", 4.0), ("white", 2.0)):
        axes.add_patch(
            Circle((head[0], head[1]), head[2], fill=False, ec=colour, lw=width,
                   ls=line if colour == "white" else "-", alpha=1 if colour == "white" else 0.35)
        )  # fmt: skip


def square(axes: Any, head: Array, line: str) -> None:
    """The box around a head."""
    from matplotlib.patches import Rectangle

    left, top, right, bottom = box_of(head)
    for colour, width in (("black", 4.0), ("white", 2.0)):
        axes.add_patch(
            Rectangle((left, top), right - left, bottom - top, fill=False, ec=colour, lw=width,
                      ls=line if colour == "white" else "-", alpha=1 if colour == "white" else 0.35)
        )  # fmt: skip


def outline(axes: Any, mask: Array, line: str) -> None:
    """The border of a mask."""
    centres = (np.arange(SIZE) + 0.5) / SIZE
    axes.contour(centres, centres, mask, [0.5], colors="black", linewidths=4, alpha=0.35)
    axes.contour(centres, centres, mask, [0.5], colors="white", linewidths=2, linestyles=line)


def u_net() -> None:
    """A small U-Net: down on the left, up on the right, bridges between."""
    figure = new_figure(7.4, 3.6)
    axes = bare(figure.add_subplot())
    axes.set(xlim=(-0.3, 11.4), ylim=(-0.6, 4.6))
    levels = [(0.9, 3.2, "32×32"), (2.4, 1.7, "16×16"), (4.0, 0.2, "8×8")]
    left = [(x, y) for x, y, _ in levels]
    right = [(8.2, 3.2), (6.6, 1.7)]
    for (x, y), text in zip(left, ("8 maps", "12 maps", "16 maps"), strict=True):
        box(axes, x, y, 1.6, 0.8, text, fc="#dcebf5", size=12)
    for (x, y), text in zip(right, ("8 maps", "12 maps"), strict=True):
        box(axes, x, y, 1.6, 0.8, text, fc="#dcebf5", size=12)
    for (x, y), (k, m) in pairwise(left):
        arrow(axes, (x + 0.8, y), (k + 0.4, m + 0.8), lw=2)
        axes.text((x + k) / 2 + 0.35, (y + m) / 2 + 0.38, "pool", size=10, ha="right")
    ups = [(left[2], right[1]), (right[1], right[0])]
    for (x, y), (k, m) in ups:
        arrow(axes, (x + 1.2, y + 0.8), (k + 0.8, m), lw=2)
        axes.text((x + k) / 2 + 1.3, (y + m) / 2 + 0.3, "up-sample", size=10, ha="left")
    for (x, y), (k, _) in zip(left[:2], right, strict=True):
        arrow(axes, (x + 1.6, y + 0.4), (k, y + 0.4), lw=2, ls="--")
        axes.text((x + 1.6 + k) / 2, y + 0.52, "side by side (Concat)", size=10, ha="center")
    arrow(axes, (-0.2, 3.6), (0.9, 3.6), lw=2)
    arrow(axes, (9.8, 3.6), (10.7, 3.6), lw=2)
    axes.text(-0.25, 4.2, "picture", size=11)
    axes.text(9.95, 4.15, "pet or not,\neach pixel", size=11, va="center")
    for y, text in ((3.05, "32×32"), (2.1, "16×16"), (0.6, "8×8")):
        axes.text(11.3, y, text, size=11, ha="right", va="center", color="#555555")
    keep(figure, "15-u-net", dpi=130)


def boxes() -> None:
    """Two boxes on squared paper, and what they share."""
    from matplotlib.patches import Rectangle

    figure = new_figure(5.2, 4.2)
    axes = bare(figure.add_subplot())
    axes.set(xlim=(-0.3, 8.3), ylim=(6.3, -0.6), aspect="equal")
    for k in range(9):
        axes.plot([k, k], [0, 6], color="#bbbbbb", lw=0.8, zorder=0)
    for k in range(7):
        axes.plot([0, 8], [k, k], color="#bbbbbb", lw=0.8, zorder=0)
    axes.add_patch(Rectangle((3, 2), 2, 2, fc="#fbe9c6", ec="none"))
    axes.add_patch(Rectangle((1, 1), 4, 3, fill=False, ec=INK, lw=2.5, ls="--"))
    axes.add_patch(Rectangle((3, 2), 4, 3, fill=False, ec=INK, lw=2.5))
    axes.text(1, 0.85, "truth (1, 1, 5, 4)", size=12)
    axes.text(7, 5.45, "answer (3, 2, 7, 5)", size=12, ha="right")
    axes.text(4, 3, "4", size=18, ha="center", va="center")
    axes.text(2, 2.5, "8", size=18, ha="center", va="center")
    axes.text(6, 3.5, "8", size=18, ha="center", va="center")
    keep(figure, "15-iou", dpi=100)


if __name__ == "__main__":
    boxes()
    u_net()
    answers()
