"""A plain small network of the textbook kind: five convolutions, pools, dropout, augmentation.

    python benchmarks/accuracy/textbook.py DIR --seed 0 --out runs/accuracy

Each convolution is followed by batch normalisation. It learns from crops of 80 pixels, cut at
random out of pictures of 112, and is used on whole pictures of --seen pixels.
"""

from experiment import Record, arguments, one_cycle, photographs

import minicnn as mc
from minicnn.data.augment import Augmentation, Brightness, Contrast, Flip, RandomCrop, Rotation


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
crops = Augmentation(
    Flip(),
    Rotation(10),
    RandomCrop(args.crop),
    Brightness(0.25),
    Contrast(0.25),
    fill="reflect",
    size=args.size,
)
data = photographs(args, args.cached, args.batch, augment=crops, seen=args.size, mixup=args.mixup)
model = network(args.size, args.seed)
model.compile(
    mc.AdamW(one_cycle(args, data, climb=0.15), weight_decay=0.05),
    "binary_crossentropy",
    ["accuracy"],
)
record = Record(args, model, data)
record.train()

used = network(args.seen, args.seed)
used.set_weights(model.get_weights())
used.class_names = model.class_names
record.finish(
    {
        "optimizer": f"AdamW({args.rate}, weight_decay=0.05), one cycle",
        "batch": args.batch,
        "augmentation": f"flip, rotation 10, crop {args.crop}..1, brightness and contrast 0.25",
        "mixup": args.mixup,
        "size": args.size,
        "cached": args.cached,
        "seen": args.seen,
        "dropout": [0.3],
    },
    used,
)
