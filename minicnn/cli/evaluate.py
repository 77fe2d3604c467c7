"""``minicnn evaluate MODEL DIR``: how good is it on these photographs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from minicnn.cli.classifier import Classifier, table
from minicnn.cli.options import Commands, add_command, add_machine_options, count, machine, path
from minicnn.data.counted import counted
from minicnn.data.folder import ImageFolder
from minicnn.data.listing import existing_folder, parts_in
from minicnn.metrics import accuracy, confusion_matrix
from minicnn.typing import Array

TEXT = """Measure a model on photographs whose classes are known.

DIR has a folder for each class, or pictures named like cat.12.jpg, or such parts as `train` and
`validation`; of these, --part is taken (else the first that there is of
validation, test, train). The classes must bear the
names that the model knows. Figures are honest only for pictures that it was never trained on."""

EXAMPLES = """\
  minicnn evaluate runs/train/model.safetensors photographs
  minicnn evaluate model.safetensors photographs --part test --json"""

PARTS = ("validation", "test", "train")  # the first that there is


def add_to(commands: Commands) -> None:
    """The command's options."""
    parser = add_command(commands, "evaluate", run, TEXT, EXAMPLES)
    parser.add_argument(
        "model", type=path, metavar="MODEL", help="a file of `minicnn train` or model.save"
    )
    parser.add_argument("folder", type=path, metavar="DIR", help="the photographs")
    parser.add_argument("--part", choices=PARTS, help="of DIR")
    parser.add_argument("--batch-size", type=count, default=32, metavar="N", help="at a time")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    add_machine_options(parser)


def run(args: Any) -> int:
    """Print the accuracy and the confusion matrix."""
    there_are = parts_in(existing_folder(args.folder))
    part = args.part or next((part for part in PARTS if part in there_are), None)
    with machine(args):
        classifier = Classifier.load(args.model)
        photographs = ImageFolder(
            args.folder,
            image_size=classifier.image_size,
            batch_size=args.batch_size,
            shuffle=False,
            classes=classifier.classes,
            subset=part,
            threads=args.threads,
        )
        tables = [
            confusion_matrix(batch.y, classifier.probabilities(batch.x))
            for batch in photographs.epoch(0)
        ]
    confused = np.sum(tables, axis=0)
    if args.json:
        document = {
            "model": args.model,
            "pictures": len(photographs.labels),
            "skipped": len(photographs.report.skipped),
            "accuracy": accuracy(confused),
            "classes": list(classifier.classes),
            "confusion_matrix": confused.tolist(),
        }
        print(json.dumps(document, indent=2))
    else:
        print(photographs.report)
        print(f"\n{as_table(confused, classifier.classes)}")
        print(
            f"\nAccuracy: {accuracy(confused):.1%} of {counted(len(photographs.labels), 'picture')}"
        )
    return 0


def as_table(confused: Array, classes: tuple[str, ...]) -> str:
    """A line for each true class: how often it was taken for each class."""
    head = ("is \\ taken for", *classes, "right")
    lines = [
        (name, *(f"{n:,}" for n in row), f"{row[k] / max(row.sum(), 1):.1%}")
        for k, (name, row) in enumerate(zip(classes, confused, strict=True))
    ]
    return table(head, lines)
