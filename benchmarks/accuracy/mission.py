"""The mission's network as the exercise has it: no augmentation, RMSprop 1e-3, 15 epochs.

    python benchmarks/accuracy/mission.py DIR --seed 0 --out runs/accuracy

It is watched on all 1000 validation photographs, because the published figures are; nothing is
chosen here, neither the recipe nor an epoch.
"""

from experiment import Record, arguments, photographs

import minicnn as mc

args = arguments(__doc__, epochs=15)
data = photographs(args, size=150, batch_size=20)
model = mc.zoo.catdog(seed=args.seed)
model.compile(mc.RMSprop(1e-3), loss="binary_crossentropy", metrics=["accuracy"])
record = Record(args, model, data)
record.train(watch=data.validation)
recipe = {"optimizer": "RMSprop(1e-3)", "batch": 20, "augmentation": "none"}
record.finish(recipe, mirrored=False)
