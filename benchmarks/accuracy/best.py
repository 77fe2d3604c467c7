"""The best that these layers reach in an hour: residual blocks, batch normalisation, crops.

    python benchmarks/accuracy/best.py DIR --seed 0 --out runs/accuracy

It learns from crops of 112 pixels, cut at random out of pictures of 144, and is used on whole
pictures of --seen pixels: the layers don't mind, because the last maps are averaged.
"""

from experiment import Record, arguments, crops, described, one_cycle, photographs

import minicnn as mc


def unit(filters, size=3, strides=1):
    """Convolution, batch normalisation, ReLU."""
    convolution = mc.Conv2D(
        filters, size, strides, "same", use_bias=False, kernel_initializer="he_normal"
    )
    return [convolution, mc.BatchNorm(momentum=0.98), mc.ReLU()]


def network(size, width, seed):
    layers = [*unit(width, size=5, strides=2), mc.MaxPool2D(2)]
    layers += [*unit(2 * width), mc.MaxPool2D(2)]
    for filters in (4 * width, 8 * width):
        layers += unit(filters)
        layers += [mc.Residual(mc.Chain(*unit(filters), *unit(filters))), mc.MaxPool2D(2)]
    layers[-1:] = [mc.GlobalAvgPool2D(), mc.Dropout(0.3), mc.Dense(1, activation="sigmoid")]
    return mc.Sequential(layers, input_shape=(size, size, 3), seed=seed, name="best")


args = arguments(
    __doc__,
    epochs=100,
    width=24,
    size=112,
    cached=144,
    seen=144,
    batch=32,
    rate=2e-3,
    decay=0.2,
    crop=0.3,
    mixup=0.2,
)
data = photographs(args, args.cached, args.batch, crops(args), args.size, args.mixup)
model = network(args.size, args.width, args.seed)
rate = one_cycle(args, data, climb=0.15)
model.compile(mc.AdamW(rate, args.decay), "binary_crossentropy", ["accuracy"])
record = Record(args, model, data)
record.train()

optimizer = f"AdamW({args.rate}, weight_decay={args.decay}), one cycle"
record.finish(
    {"optimizer": optimizer, "width": args.width, **described(args)},
    network(args.seen, args.width, args.seed),
)
