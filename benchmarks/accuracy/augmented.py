"""The mission's network with mild augmentation, dropout, and a learning rate that falls to zero.

    python benchmarks/accuracy/augmented.py DIR --seed 0 --out runs/accuracy

The augmentation is the recipe that `minicnn train --augment mild` knows. Its crops show the animals
larger than whole pictures do; so the network is used on crops too: five, of pictures of 180 pixels.
"""

from experiment import Record, arguments, one_cycle, photographs

import minicnn as mc


def network(args):
    """The mission's network, with a Dropout on either side of its large Dense."""
    layers = []
    for layer in mc.zoo.catdog(dropout=args.dropout).layers:
        layers.append(layer)
        if isinstance(layer, mc.Flatten):
            layers.append(mc.Dropout(args.flat_dropout))
    return mc.Sequential(layers, input_shape=(150, 150, 3), seed=args.seed)


args = arguments(
    __doc__,
    epochs=120,
    batch=32,
    rate=1e-3,
    decay=0.5,
    flat_dropout=0.3,
    dropout=0.5,
    mixup=0.0,
    five_of=180,
)
data = photographs(args, size=150, batch_size=args.batch, augment="mild", mixup=args.mixup)
model = network(args)
rate = one_cycle(args, data, climb=0.05)
model.compile(mc.AdamW(rate, args.decay), "binary_crossentropy", ["accuracy"])
record = Record(args, model, data)
record.train()
record.finish(
    {
        "optimizer": f"AdamW({args.rate}, weight_decay={args.decay}), one cycle",
        "batch": args.batch,
        "augmentation": "mild: flip, rotation 12, crop 0.4..1, brightness and contrast 0.2",
        "mixup": args.mixup,
        "dropout": [args.flat_dropout, args.dropout],
    },
    five_of=args.five_of,
)
