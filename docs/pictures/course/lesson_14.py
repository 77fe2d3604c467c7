"""Draw the pictures of lessons 14 and 14b: ``python docs/pictures/course/lesson_14.py``."""

from itertools import pairwise

from plots import BLUE, INK, ORANGE, arrow, bare, box, keep, new_figure

import minicnn as mc

PICTURES, LAYERS = 4, ("convolution", "pool", "convolution", "pool")


def order() -> None:
    """Two orders for the same work: layer by layer, and picture by picture."""
    figure = new_figure(8.2, 4.0)
    titles = ("layer by layer", "picture by picture")
    notes = (
        "4 maps wait between two layers:\nthey have left the cache when they are needed",
        "1 map waits between two layers:\nit is still in the cache",
    )
    for axes, title, note in zip(figure.subplots(1, 2), titles, notes, strict=True):
        bare(axes)
        axes.set(xlim=(-2.3, 5.1), ylim=(-1.5, 5.0))
        axes.set_title(title, fontsize=14)
        by_layer = title == titles[0]
        places = [(i, j) for j in range(4) for i in range(4)] if by_layer else [
            (i, j) for i in range(4) for j in range(4)
        ]  # fmt: skip
        for number, (i, j) in enumerate(places, 1):
            waits = (j == 0) if by_layer else (i == 0 and j == 0)
            box(axes, 1.25 * i, 3.4 - 1.1 * j, 0.95, 0.75, f"{number}", size=14,
                fc="#fbe9c6" if waits else "#dcebf5", lw=2.4 if waits else 1.2)  # fmt: skip
        for (i, j), (k, m) in pairwise(places):
            start, end = (1.25 * i + 0.48, 3.4 - 1.1 * j), (1.25 * k + 0.48, 4.15 - 1.1 * m)
            if by_layer and i < k:
                start, end = (start[0] + 0.47, start[1] + 0.38), (end[0] - 0.48, end[1] - 0.38)
                arrow(axes, start, end)
            elif not by_layer and i == k:
                arrow(axes, start, end)
        for j, name in enumerate(LAYERS):
            axes.text(-0.25, 3.77 - 1.1 * j, name, ha="right", va="center", size=11)
        for i in range(PICTURES):
            axes.text(1.25 * i + 0.48, 4.4, f"pet {i + 1}", ha="center", size=11)
        axes.text(2.35, -1.3, note, ha="center", size=11, color=INK)
    keep(figure, "14-order", dpi=125)


def where() -> None:
    """Of the cat/dog network: multiply-adds and parameters, layer by layer."""
    model = mc.zoo.catdog()
    layers = [layer for layer in model.layers if layer.count_params()]
    total = sum(layer.multiply_adds() for layer in layers), model.count_params()
    figure = new_figure(7.4, 3.1)
    panels = figure.subplots(1, 2, sharey=True)
    counts = [
        ("multiply-adds for one picture", [layer.multiply_adds() for layer in layers], BLUE),
        ("parameters", [layer.count_params() for layer in layers], ORANGE),
    ]
    for axes, (title, values, colour), all_of_it in zip(panels, counts, total, strict=True):
        axes.barh(range(len(layers)), values, color=colour, height=0.65)
        for place, value in enumerate(values):
            words = f" {value / 1e6:.1f} million" if value >= 1e5 else f" {value:,}"
            axes.text(value, place, words, va="center", size=11)
        axes.set_title(f"{title}: {all_of_it / 1e6:.1f} million", fontsize=12)
        axes.set(xlim=(0, 1.45 * max(values)), ylim=(len(layers) - 0.4, -0.6), xticks=[])
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        axes.set_yticks(range(len(layers)), [layer.name for layer in layers], fontsize=12)
        axes.tick_params(length=0)
    keep(figure, "14-where", dpi=125)


def waiting() -> None:
    """Four steps on a GPU: who asks for the loss after each one, and who asks once."""
    orders, work, steps = 0.3, 0.4, 4
    figure = new_figure(7.6, 4.4)
    panels = figure.subplots(2, 1)
    for axes, each in zip(panels, (True, False), strict=True):
        bare(axes)
        said = free = 0.0  # when the CPU has said its last order, and when the GPU is free again
        for step in range(steps):
            begins = max(said, free) if each else said
            said = begins + orders
            starts = max(said, free)
            free = starts + work
            box(axes, begins, 1.1, orders, 0.7, f"{step + 1}", size=14, fc="#fbe9c6")
            box(axes, starts, 0, work, 0.7, f"{step + 1}", size=14, fc="#dcebf5")
            arrow(axes, (said - 0.02, 1.1), (starts + 0.03 if starts > said else said + 0.02, 0.7))
            if each or step == steps - 1:
                axes.plot([free, free], [-0.1, 1.9], ":", color=INK, lw=2)
        axes.text(-0.06, 1.45, "CPU: orders", ha="right", va="center", size=14)
        axes.text(-0.06, 0.35, "GPU: work", ha="right", va="center", size=14)
        title = "the loss is asked for after each step" if each else "the loss is asked for once"
        axes.set_title(f"{title}: {free:.1f} ms", fontsize=15, loc="left")
        axes.set(xlim=(-0.75, 2.85), ylim=(-0.2, 2.0))
    keep(figure, "14-waiting", dpi=125)


if __name__ == "__main__":
    order()
    where()
    waiting()
