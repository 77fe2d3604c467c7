"""Filters by hand, and filters that training found, on the same picture.

    python examples/edges.py                        writes edges.png, of a drawn pet
    python examples/edges.py --picture cat.jpg      of a photograph of yours
    python examples/edges.py --model m.safetensors  with the first filters of that network below

In the corner of each stands the filter itself: middle grey is 0, brighter adds, darker takes away.
"""

import argparse
from pathlib import Path

import numpy as np

import minicnn as mc
from minicnn.viz.canvas import new_figure, show

BY_HAND = {  # name: kernel, stride
    "vertical edges": (np.array([[1, 0, -1]] * 3) / 3, 1),
    "blur": (np.ones((3, 3)) / 9, 1),
    "sharpen": (np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]), 1),
    "horizontal edges,\n4×4 at stride 2": (np.repeat([1, 1, -1, -1], 4).reshape(4, 4) / 8, 2),
}


def filtered(picture, kernel, stride):
    """One filter as what it is: a Conv2D with a single map."""
    layer = mc.Conv2D(1, kernel.shape, strides=stride, use_bias=False)
    layer.build(picture.shape, np.random.default_rng(0))
    layer.params["W"] = kernel.reshape(*kernel.shape, 1, 1).astype(np.float32)
    return layer(picture[None])[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="a network for 150×150 colour pictures")
    parser.add_argument("--picture", type=Path, help="a photograph; else a pet is drawn")
    parser.add_argument("--out", type=Path, default=Path("edges.png"))
    args = parser.parse_args()

    colour = mc.data.drawn_pets(3, seed=1)[0][2]
    if args.picture:
        colour = mc.data.read_picture(args.picture, (150, 150))
    grey = (colour / 255).mean(axis=-1, keepdims=True).astype(np.float32)
    cells = [("the picture", grey, None)]
    for name, (kernel, stride) in BY_HAND.items():
        y = filtered(grey, kernel, stride)
        edges = abs(kernel.sum()) < 1e-6  # such a filter answers 0 to a plain surface
        size = f"{y.shape[0]}×{y.shape[1]}"
        cells.append((f"{name}\n{size}", y + 0.5 if edges else y, kernel[..., None]))
    if args.model:
        model = mc.load_model(args.model)
        maps, W = model.layer_outputs(colour[None])["conv2d_1"][0], model["conv2d_1"].params["W"]
        busiest = np.argsort(-maps.std(axis=(0, 1)))[:5]
        cells += [
            (f"found: filter {f}", maps[..., [f]] / max(maps[..., f].max(), 1e-9), W[..., f])
            for f in busiest  # of a filter that answers nothing, all is black
        ]

    figure = new_figure(2.3 * 5, 2.8 * len(cells) / 5)
    for axes, (title, picture, kernel) in zip(
        figure.subplots(len(cells) // 5, 5).flat, cells, strict=True
    ):
        show(axes, picture)
        axes.set_title(title, fontsize=9)
        if kernel is not None:
            corner = axes.inset_axes([0.73, 0.02, 0.25, 0.25])
            show(corner, 0.5 + 0.5 * kernel / abs(kernel).max())
    figure.savefig(args.out, dpi=90)
    print(f"Written: {args.out}")


if __name__ == "__main__":
    main()
