"""What the experiments share: options, the photographs in their parts, and a record of the run.

The 1000 validation photographs are halved once and for all, by the seed SPLIT. One half is for
choosing: recipes are compared on it, and it is what a run looks at after each epoch. The other
is held back: a run measures it once, with the saved model, when training is over, and with
``--probe`` (all trying-out was done so) not at all.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import PIL

import minicnn as mc
from minicnn.cli.classifier import Classifier
from minicnn.data.augment import Augmentation, Brightness, Contrast, Flip, RandomCrop, Rotation
from minicnn.metrics import accuracy, confusion_matrix
from minicnn.saving import write_whole

SPLIT = 2026  # parts the validation photographs; no run's seed has anything to do with it


class Photographs(NamedTuple):
    """The data sets of a run; ``choosing`` and ``held_back`` are the halves of ``validation``."""

    training: Any
    validation: Any
    choosing: Any
    held_back: Any


def arguments(doc: str, epochs: int, **more: Any) -> argparse.Namespace:
    """The options of every experiment; ``more`` are those of this one, with their defaults."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("folder", type=Path, help="with train/ and validation/ in it")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--out", type=Path, default=Path("runs/accuracy"))
    parser.add_argument("--name", default=Path(parser.prog).stem, help="of the files in OUT")
    parser.add_argument("--threads", type=int, help="cores to use (default: all there are)")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was stopped")
    parser.add_argument("--probe", action="store_true", help="leave the held-back half alone")
    for name, value in more.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    args = parser.parse_args()
    mc.set_threads(args.threads)
    return args


def photographs(
    args: argparse.Namespace,
    size: int,
    batch_size: int,
    augment: Any = None,
    seen: int = 0,
    mixup: float = 0,
) -> Photographs:
    """Photographs of ``size``² pixels; ``seen``² where training pictures come out smaller."""
    training = mc.data.ImageFolder(
        args.folder,
        image_size=size,
        batch_size=batch_size,
        seed=args.seed,
        augment=augment,
        subset="train",
    )
    validation = mc.data.ImageFolder(
        args.folder,
        image_size=seen or size,
        batch_size=50,
        shuffle=False,
        classes=training.classes,
        subset="validation",
    )
    choosing, held_back = validation.split(0.5, seed=SPLIT)
    choosing.shuffle = False
    if mixup:
        training = mc.data.Mixup(training, mixup, seed=args.seed)
    return Photographs(training, validation, choosing, held_back)


def crops(args: argparse.Namespace) -> Augmentation:
    """Small pictures, cut at random out of larger ones, in other light."""
    return Augmentation(
        Flip(),
        Rotation(10),
        RandomCrop(args.crop),
        Brightness(0.25),
        Contrast(0.25),
        fill="reflect",
        size=args.size,
    )


def described(args: argparse.Namespace) -> dict[str, Any]:
    """What the recipes that learn from crops have in common."""
    return {
        "batch": args.batch,
        "augmentation": f"flip, rotation 10, crop {args.crop}..1, brightness and contrast 0.25",
        "mixup": args.mixup,
        "size": args.size,
        "cached": args.cached,
        "seen": args.seen,
        "dropout": [0.3],
    }


def one_cycle(args: argparse.Namespace, data: Photographs, climb: float) -> mc.CosineDecay:
    """A rate that climbs to ``args.rate`` for this share of the run, and falls to nothing."""
    steps = len(data.training) * args.epochs
    up = round(climb * steps)
    return mc.CosineDecay(
        args.rate / 20, max(1, steps - up), warmup_target=args.rate, warmup_steps=up
    )


class Clock(mc.Callback):
    """How long training took, on the wall and on the processor, over all parts of a resumed run."""

    seconds = core_seconds = 0.0

    def on_train_begin(self, plan: dict[str, Any]) -> None:
        self.now = time.perf_counter(), time.process_time()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        before, self.now = self.now, (time.perf_counter(), time.process_time())
        self.seconds += self.now[0] - before[0]
        self.core_seconds += self.now[1] - before[1]

    def state(self) -> dict[str, Any]:
        return {"seconds": self.seconds, "core_seconds": self.core_seconds}

    def set_state(self, state: dict[str, Any]) -> None:
        self.seconds, self.core_seconds = state["seconds"], state["core_seconds"]


class Record:
    """Trains a model and writes down, in OUT, all that somebody else might ask."""

    def __init__(self, args: argparse.Namespace, model: Any, data: Photographs) -> None:
        self.args, self.model, self.data = args, model, data
        self.stem = args.out / f"{args.name}-{args.seed}"
        args.out.mkdir(parents=True, exist_ok=True)
        model.class_names = data.validation.classes

    def train(self, watch: Any = None, callbacks: Any = ()) -> Any:
        """``fit``, with ``watch`` (the choosing half unless told) looked at after each epoch."""
        self.clock = Clock()
        self.history = self.model.fit(
            self.data.training,
            epochs=self.args.epochs,
            validation_data=watch or self.data.choosing,
            callbacks=[
                *callbacks,
                mc.JSONLogger(f"{self.stem}.log"),
                self.clock,
                mc.ModelCheckpoint(f"{self.stem}.ckpt"),
            ],
            resume=self.args.resume,
            verbose=0,
        )
        return self.history

    def finish(
        self, recipe: dict[str, Any], model: Any = None, mirrored: bool = True, five_of: int = 0
    ) -> None:
        """Save the model, measure the saved file, and write the results.

        ``model`` is the same network for pictures of another size, to be used with what was learnt.
        With ``mirrored``, the file asks for the mean over a picture and its mirror image, and with
        ``five_of`` over five crops of pictures of that size.
        """
        args, learnt = self.args, self.model
        if model is None:
            model = learnt
        else:
            model.set_weights(learnt.get_weights())
            model.class_names = learnt.class_names
        recipe = recipe | {"epochs": args.epochs, "mirrored": mirrored}
        *size, channels = model.input_shape
        model.preprocessing = {
            "image_size": size,
            "channels": channels,
            "pixel_scale": 1 / 255,
            "average_mirrored": mirrored,
        }
        if five_of:
            recipe |= {"five_crops_of": five_of}
            model.preprocessing["five_crops_of"] = [five_of, five_of]
        path = f"{self.stem}.safetensors"
        model.save(path)
        final = measure(path, args.folder, args.probe)
        history = self.history.history
        epochs = {name: [round(float(v), 4) for v in history[name]] for name in history}
        document = {
            "experiment": args.name,
            "seed": args.seed,
            "recipe": recipe,
            "parameters": model.count_params(),
            "final": final,
            "seconds": round(self.clock.seconds, 1),
            "core_seconds": round(self.clock.core_seconds, 1),
            "load_average_at_end": round(os.getloadavg()[0], 1),
            "threads": mc.get_threads(),
            "machine": machine(),
            "date": date.today().isoformat(),
            "epochs": epochs,
        }
        write(Path(f"{self.stem}.json"), document)
        print(f"{args.name}, seed {args.seed}: {describe(final)}; {self.clock.seconds:.0f} s")


def write(path: Path, document: dict[str, Any]) -> None:
    """A line for each fact, so that a change to one of them is one line in a diff."""
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(fact)}" for key, fact in document.items())
    write_whole(path, f"{{\n{lines}\n}}\n".encode())


def measure(model: str, folder: Path, probe: bool) -> dict[str, Any]:
    """How many of each part the saved model gets right, as ``minicnn evaluate`` would say."""
    classifier = Classifier.load(model)
    options = {"shuffle": False, "subset": "validation", "classes": classifier.classes}
    validation = mc.data.ImageFolder(folder, classifier.image_size, 50, **options)
    choosing, held_back = validation.split(0.5, seed=SPLIT)
    parts = {"choosing": choosing}
    if not probe:
        parts |= {"held_back": held_back, "all": validation}
    return {name: share_right(classifier, part) for name, part in parts.items()}


def share_right(classifier: Classifier, part: Any) -> dict[str, Any]:
    x, y = part.arrays()
    answers = [classifier.probabilities(x[at : at + 50]) for at in range(0, len(x), 50)]
    table = confusion_matrix(y, np.concatenate(answers))
    return {"pictures": len(y), "right": int(np.trace(table)), "accuracy": accuracy(table)}


def describe(final: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {part['accuracy']:.1%} of {part['pictures']}" for name, part in final.items()
    )


def machine() -> dict[str, str]:
    """Whose processor, and which versions."""
    model = platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return {
        "processor": model,
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "pillow": PIL.__version__,
        "minicnn": mc.__version__,
    }
