"""``minicnn predict MODEL PICTURE ...``: a tag for each picture."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from minicnn.cli.classifier import Classifier, table
from minicnn.cli.options import (
    Commands,
    MisuseError,
    add_command,
    add_machine_options,
    machine,
    path,
)
from minicnn.cores import available_cores
from minicnn.data.counted import counted
from minicnn.data.decode import quiet_pillow, read_picture, readable_formats
from minicnn.data.picture_error import PictureError, printable
from minicnn.data.prefetch import in_order
from minicnn.data.progress import progress_bar
from minicnn.data.walk import pictures_below
from minicnn.errors import DataError
from minicnn.saving import write_whole
from minicnn.streams import Forgiving
from minicnn.typing import Array

TEXT = """Say what is in pictures.

Prints a line for each picture: file, class, probability. A folder stands for all pictures in it
and below. Nothing but the model and the pictures is needed: a saved model knows its classes and
the size of picture that it wants. What cannot be read is listed, and the rest is done."""

EXAMPLES = """\
  minicnn predict runs/train/model.safetensors cat.jpg
  minicnn predict model.safetensors holiday/ --sort class       the surest of each class first
  minicnn predict model.safetensors holiday/ --csv tags.csv     for a spreadsheet
  minicnn predict model.safetensors holiday/ --json | jq '.pictures[] | select(.class == "dog")'"""

BATCH = 32


@dataclass(frozen=True)
class Tag:
    """What a picture shows."""

    file: str
    name: str
    probability: float
    probabilities: dict[str, float]


def add_to(commands: Commands) -> None:
    """The command's options."""
    parser = add_command(commands, "predict", run, TEXT, EXAMPLES)
    parser.add_argument(
        "model", type=path, metavar="MODEL", help="a file of `minicnn train` or model.save"
    )
    parser.add_argument(
        "pictures", type=path, metavar="PICTURE", nargs="+", help="a picture, or a folder"
    )
    parser.add_argument(
        "--sort", choices=("file", "class"), default="file", help="class: the surest first"
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--json", action="store_true", help="print one JSON document instead")
    instead.add_argument("--csv", type=path, metavar="FILE", help="write the table to FILE instead")
    add_machine_options(parser)


def run(args: Any) -> int:
    """Tag the pictures."""
    files = [file for name in args.pictures for file in files_of(name)]
    if args.csv is not None and any(same(args.csv, file) for file in (args.model, *files)):
        raise MisuseError(f"expected a new file for --csv, got {args.csv!r}, which is to be read")
    unreadable: list[PictureError] = []
    with machine(args):
        classifier = Classifier.load(args.model)
        tags = list(tagged(classifier, files, unreadable, args.threads or available_cores()))
    tags.sort(key=lambda tag: tag.file)
    if args.sort == "class":
        tags.sort(key=lambda tag: (classifier.classes.index(tag.name), -tag.probability))
    for error in unreadable:
        Forgiving(sys.stderr).write(f"minicnn: {printable(str(error))}\n")
    if args.csv is not None:
        write_whole(args.csv, as_csv(tags).encode())
        print(f"{counted(len(tags), 'picture')}: {printable(args.csv)}")
    elif args.json:
        print(as_json(tags, unreadable, args.model))
    elif tags:
        lines = [(tag.file, tag.name, f"{tag.probability:.1%}") for tag in tags]
        print(table(("file", "class", "probability"), lines))
    return 0 if tags else 1


def same(one: str, other: str) -> bool:
    """Whether two names stand for one file that is there."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def files_of(name: str) -> list[str]:
    """The picture itself, or all pictures in the folder and below."""
    if not os.path.isdir(name):
        return [name]
    files = [file.path for file in pictures_below(Path(name), Path(name), [], set())]
    if not files:
        raise DataError(f"expected pictures in {name!r}, got a folder without any")
    return files


def tagged(
    classifier: Classifier, files: list[str], unreadable: list[PictureError], threads: int
) -> Iterator[Tag]:
    """A tag for each file, in their order; what cannot be read is put on the list."""
    readable_formats()  # let Pillow load its formats before there are threads
    read = in_order(partial(picture, classifier), files, threads, ahead=2 * BATCH)
    bar = progress_bar(len(files), "reading pictures")
    with quiet_pillow(), bar as step:
        outcomes = zip(files, read, strict=True)
        while batch := list(islice(outcomes, BATCH)):
            step(len(batch))
            unreadable += [found for _, found in batch if isinstance(found, PictureError)]
            seen = [(file, x) for file, x in batch if not isinstance(x, PictureError)]
            if not seen:
                continue
            rows = classifier.probabilities(np.stack([x for _, x in seen]))
            for (file, _), row in zip(seen, rows, strict=True):
                by_name = dict(zip(classifier.classes, row.astype(float).tolist(), strict=True))
                name = classifier.classes[int(row.argmax())]
                yield Tag(file, name, by_name[name], by_name)


def picture(classifier: Classifier, file: str) -> Array | PictureError:
    """The picture as the network wants it, or why there is none."""
    try:
        return read_picture(file, classifier.image_size)
    except PictureError as error:
        return error


def as_csv(tags: list[Tag]) -> str:
    """One line a picture, whatever its name holds, so that a search by line finds it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("file", "class", "probability"))
    for tag in tags:
        writer.writerow((printable(tag.file), printable(tag.name), f"{tag.probability:.4f}"))
    return text.getvalue()


def as_json(tags: list[Tag], unreadable: list[PictureError], model: str) -> str:
    """Everything, with the names as they are; ASCII, so that any bytes in a name survive."""
    document = {
        "model": model,
        "pictures": [
            {
                "file": tag.file,
                "class": tag.name,
                "probability": round(tag.probability, 6),
                "probabilities": {name: round(p, 6) for name, p in tag.probabilities.items()},
            }
            for tag in tags
        ],
        "unreadable": [{"file": error.path, "reason": error.reason} for error in unreadable],
    }
    return json.dumps(document, indent=2)
