"""The mission's network with mild augmentation, dropout, and a learning rate that falls to zero.

    python benchmarks/accuracy/augmented.py DIR --seed 0 --out runs/accuracy
"""

import minicnn as mc
from experiment import Record, arguments, photographs
from minicnn.data.augment import Augmentation, Brightness, Contrast, Flip, RandomCrop, Rotation

args = arguments(__doc__, epochs=40, batch=32, rate=1e-3, flat_dropout=0.3, dropout=0.5)
mild = Augmentation(
    Flip(), Rotation(12), RandomCrop(0.5), Brightness(0.2), Contrast(0.2), fill="reflect"
)
data = photographs(args, size=150, batch_size=args.batch, augment=mild)

layers = list(mc.zoo.catdog(dropout=args.dropout).layers)
flat = next(k for k, layer in enumerate(layers) if isinstance(layer, mc.Flatten))
layers.insert(flat + 1, mc.Dropout(args.flat_dropout))
model = mc.Sequential(layers, input_shape=(150, 150, 3), seed=args.seed)
steps = len(data.training) * args.epochs
rate = mc.CosineDecay(
    args.rate / 20, steps - steps // 20, warmup_target=args.rate, warmup_steps=steps // 20
)
model.compile(mc.AdamW(rate, weight_decay=0.02), "binary_crossentropy", ["accuracy"])
record = Record(args, model, data)
record.train()
record.finish(
    {
        "optimizer": f"AdamW({args.rate}, weight_decay=0.02), warm-up, cosine to 0",
        "batch": args.batch,
        "augmentation": "flip, rotation 12, crop 0.5..1, brightness 0.2, contrast 0.2",
        "dropout": [args.flat_dropout, args.dropout],
    }
)
