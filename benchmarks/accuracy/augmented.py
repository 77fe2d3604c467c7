"""The mission's network with mild augmentation, dropout, and a learning rate that falls to zero.

    python benchmarks/accuracy/augmented.py DIR --seed 0 --out runs/accuracy

While it learns, a batch normalisation stands behind each pool; --plain leaves these out. When it
has learnt, they are folded into the weights of the next layer: what is saved is the mission's
network, number for number as many parameters as ever.
"""

import numpy as np
from experiment import Record, arguments, one_cycle, photographs

import minicnn as mc
from minicnn.data.augment import Augmentation, Brightness, Contrast, Flip, RandomCrop, Rotation


def scaffold(args):
    """The mission's network with Dropout, and with BatchNorm behind its pools."""
    layers = []
    for layer in mc.zoo.catdog(dropout=args.dropout).layers:
        layers.append(layer)
        if isinstance(layer, mc.MaxPool2D) and not args.plain:
            layers.append(mc.BatchNorm(momentum=0.98))
        if isinstance(layer, mc.Flatten):
            layers.append(mc.Dropout(args.flat_dropout))
    return mc.Sequential(layers, input_shape=(150, 150, 3), seed=args.seed)


def folded(learnt, args):
    """The mission's network that gives the answers of ``learnt``.

    BatchNorm gives a · x + c, channel by channel, and a convolution without padding (or a Dense)
    is linear: W · (a x + c) + b = (W a) · x + (W c + b).
    """
    network = mc.zoo.catdog(seed=args.seed, dropout=args.dropout)
    before, arrays = None, []
    for layer in learnt.layers:
        if isinstance(layer, mc.BatchNorm):
            a = layer.params["gamma"] / np.sqrt(layer.state["var"] + layer.epsilon)
            before = a, layer.params["beta"] - layer.state["mean"] * a
        elif layer.params:
            W, b = layer.params["W"], layer.params["b"]
            if before is not None:
                a, c = before
                by_channel = W.reshape(-1, len(a), W.shape[-1])  # places, channels, outputs
                b = b + np.einsum("pcf,c->f", by_channel, c)
                W = (by_channel * a[:, None]).reshape(W.shape)
            arrays += [W, b]
            before = None
    network.set_weights(arrays)
    network.class_names = learnt.class_names
    return network


args = arguments(
    __doc__, epochs=25, batch=32, rate=1e-3, decay=0.05, flat_dropout=0.4, dropout=0.5, plain=0
)
mild = Augmentation(
    Flip(), Rotation(12), RandomCrop(0.5), Brightness(0.2), Contrast(0.2), fill="reflect"
)
data = photographs(args, size=150, batch_size=args.batch, augment=mild)
model = scaffold(args)
model.compile(
    mc.AdamW(one_cycle(args, data, climb=0.1), args.decay), "binary_crossentropy", ["accuracy"]
)
record = Record(args, model, data)
record.train()
record.finish(
    {
        "optimizer": f"AdamW({args.rate}, weight_decay={args.decay}), one cycle",
        "batch": args.batch,
        "augmentation": "flip, rotation 12, crop 0.5..1, brightness and contrast 0.2",
        "dropout": [args.flat_dropout, args.dropout],
        "normalised": not args.plain,
    },
    folded(model, args),
)
