"""A plain small network of the textbook kind: five convolutions, pools, dropout, augmentation.

    python benchmarks/accuracy/textbook.py DIR --seed 0 --out runs/accuracy

Each convolution is followed by batch normalisation. It learns from crops of 80 pixels, cut at
random out of pictures of 112, and is used on whole pictures of --seen pixels.
"""

from experiment import Record, arguments, crops, described, one_cycle, photographs

import minicnn as mc


def network(size, seed):
    layers = []
    for filters, kernel, strides, pool in (
        (32, 5, 2, True),
        (64, 3, 1, True),
        (128, 3, 1, True),
        (256, 3, 1, False),
        (256, 3, 1, False),
    ):
        convolution = mc.Conv2D(filters, kernel, strides, padding="same", use_bias=False)
        layers += [convolution, mc.BatchNorm(momentum=0.98), mc.ReLU()]
        if pool:
            layers += [mc.MaxPool2D(2)]
    layers += [mc.GlobalAvgPool2D(), mc.Dropout(0.3), mc.Dense(1, activation="sigmoid")]
    return mc.Sequential(layers, input_shape=(size, size, 3), seed=seed, name="textbook")


args = arguments(
    __doc__, epochs=80, size=80, cached=112, seen=96, batch=32, rate=2e-3, crop=0.4, mixup=0.2
)
data = photographs(args, args.cached, args.batch, crops(args), args.size, args.mixup)
model = network(args.size, args.seed)
model.compile(
    mc.AdamW(one_cycle(args, data, climb=0.15), weight_decay=0.05),
    "binary_crossentropy",
    ["accuracy"],
)
record = Record(args, model, data)
record.train()

optimizer = f"AdamW({args.rate}, weight_decay=0.05), one cycle"
record.finish({"optimizer": optimizer, **described(args)}, network(args.seen, args.seed))
