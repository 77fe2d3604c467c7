"""``minicnn train DIR``: from photographs to a model."""

from __future__ import annotations

import io
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from minicnn import viz, zoo
from minicnn.cli.options import (
    Commands,
    MisuseError,
    add_command,
    add_machine_options,
    at_most,
    count,
    machine,
    path,
    rate,
    seed,
    share,
)
from minicnn.data import ImageFolder, Pictures, drawn_pets, rgb_baseline
from minicnn.data.augment import RECIPES
from minicnn.data.counted import counted
from minicnn.data.picture_error import printable
from minicnn.errors import ConfigError, SavingError
from minicnn.metrics import accuracy, confusion_matrix
from minicnn.model import Sequential
from minicnn.optimizers import RMSprop
from minicnn.report import Report
from minicnn.saving import write_whole
from minicnn.streams import Forgiving, is_terminal, tell
from minicnn.training import (
    Callback,
    Checkpoint,
    CSVLogger,
    EarlyStopping,
    History,
    ModelCheckpoint,
)
from minicnn.training.callbacks.model_checkpoint import previous
from minicnn.typing import Array
from minicnn.viz.canvas import PlotsMissingError

TEXT = """Train a network on photographs.

DIR has a folder for each class, or pictures named like cat.12.jpg; a fifth of each class is then
held back for validation. Or it has `train` and `validation` folders, each arranged so. The
network is `catdog`, with an output for each class if there are more than two.

In the folder --out it leaves model.safetensors, run.ckpt (to go on from), log.csv, and plots; with
--report also report.html, to be opened in a browser while the run goes on.
Ctrl-C finishes the step and saves: the same command with --resume goes on, and ends with the
very weights of a run that was never stopped. With --patience N, training ends after N epochs in
which the validation loss has not become better, and the weights of the best epoch are kept."""

EXAMPLES = """\
  minicnn train photographs
  minicnn train photographs --augment mild --dropout 0.5 --epochs 60 --out runs/long
  minicnn train photographs --augment mild --dropout 0.5 --epochs 60 --out runs/long --resume
  minicnn train photographs --report
  minicnn train photographs --epochs 100 --patience 8
  minicnn train --drawn 3000             without photographs: cats and dogs drawn on the spot"""

PETS = ("cat", "dog")
CHECKPOINT = "run.ckpt"
MOST_DRAWN = 1_000_000  # 63 GB


def add_to(commands: Commands) -> None:
    """The command's options."""
    parser = add_command(commands, "train", run, TEXT, EXAMPLES)
    source = parser.add_mutually_exclusive_group()  # run complains better if there is neither
    source.add_argument("folder", metavar="DIR", nargs="?", type=path, help="the photographs")
    source.add_argument(
        "--drawn", type=at_most(MOST_DRAWN), metavar="N", help="N drawn pets instead"
    )
    for name, kind, default, what in (
        ("--epochs", count, 15, "how often each picture is shown"),
        ("--batch-size", count, 20, "pictures a step"),
        ("--learning-rate", rate, 1e-3, "how long a step is"),
        ("--dropout", share, 0.0, "of the units before the last layer"),
        ("--seed", seed, 0, "equal seeds give equal runs"),
        ("--out", path, "runs/train", "the folder for the model"),
    ):
        text = f"{what} (default: {default})"
        parser.add_argument(name, type=kind, default=default, metavar="X", help=text)
    parser.add_argument(
        "--patience",
        type=count,
        metavar="N",
        help="stop after N epochs without a better validation loss, keep the best epoch's weights",
    )
    parser.add_argument("--augment", choices=sorted(RECIPES), help="vary the training pictures")
    parser.add_argument(
        "--report", nargs="?", type=path, const=False, metavar="FILE",
        help="a page of HTML about the run, written while it goes on (default: OUT/report.html)",
    )  # fmt: skip
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    add_machine_options(parser)


def run(args: Any) -> int:
    """Train, save, and say how good it is."""
    if args.folder is None and args.drawn is None:
        taken = f": --report has taken {args.report!r} for its FILE" if args.report else ""
        remedy = "write DIR first, or --report=FILE" if args.report else "or --drawn N"
        raise MisuseError(f"expected DIR, the photographs, got none{taken}; {remedy}")
    args.out = Path(args.out)
    say = (lambda _: None) if args.quiet else tell
    done = begun(args)
    with machine(args):
        training, validation, classes = pictures(args)
        if isinstance(training, ImageFolder):
            say(str(training.report))
        here, held_back = counted(len(training.labels), "picture"), len(validation.labels)
        say(f"{here} to train on, {held_back} held back")
        model = zoo.catdog(args.seed, args.dropout, len(classes))
        model.class_names = classes
        model.compile(RMSprop(args.learning_rate), loss_for(len(classes)), ["accuracy"])
        history, stopping = fit(model, training, validation, args)
        if len(history.epochs) == done > 0:
            stopped = stopping is not None and stopping.stop
            why = "it had stopped early" if stopped else f"--epochs is {args.epochs}"
            say(f"No epoch was left to train: {done} are done, and {why}")
        model.save(args.out / "model.safetensors")
        x, y = validation.arrays()
        answers = model.predict(x)
        draw(x, y, answers, classes, history, args)
        if stopping is not None and stopping.best_epoch is not None:
            say(f"Kept epoch {stopping.best_epoch + 1}, the best on the pictures held back")
        right = accuracy(confusion_matrix(y, answers))
        say(f"Accuracy on {counted(len(y), 'picture')} never trained on: {right:.1%}")
        if len(classes) == 2 and not args.quiet:
            by_colour = rgb_baseline(*training.arrays(), x, y)
            say(f"A classifier on the average colour alone: {by_colour:.1%}")
    if not args.quiet:  # all is done: now it may be an error that nobody takes the words
        print(f"Model, log and plots: {printable(str(args.out))}")
    return 0


def begun(args: Any) -> int:
    """How many epochs the run to go on with has done; complains before pictures are read."""
    there = next(folder for folder in (args.out, *args.out.absolute().parents) if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        what = "a folder that may not be written to" if there.is_dir() else "a file"
        raise SavingError(
            f"{args.out}: expected a folder for the run, got {what} at {there}; name another: --out"
        )
    checkpoint = args.out / CHECKPOINT
    if not args.resume or not checkpoint.exists():
        return 0
    saved = Checkpoint(checkpoint).saved
    pace = saved.get("optimizer", {}).get("learning_rate")
    if pace is not None and pace != args.learning_rate:
        raise ConfigError(
            f"expected --learning-rate {pace}, that of the run in {args.out}, got "
            f"{args.learning_rate}; a run goes on as it was begun"
        )
    return int(saved.get("epoch", 0))


def pictures(args: Any) -> tuple[Pictures, Pictures, tuple[str, ...]]:
    """To train on, to validate on, and the classes."""
    options = {"batch_size": args.batch_size, "seed": args.seed, "augment": args.augment}
    if args.folder is not None:
        progress = False if args.quiet else None
        training, validation = ImageFolder.pair(
            args.folder, progress=progress, threads=args.threads, **options
        )
        return training, validation, training.classes
    x, y = drawn_pets(args.drawn, seed=args.seed)
    cut = len(x) * 2 // 3
    return (
        Pictures(x[:cut], y[:cut], threads=args.threads, **options),
        Pictures(x[cut:], y[cut:], args.batch_size, shuffle=False),
        PETS,
    )


def loss_for(classes: int) -> str:
    """What the network minimises."""
    return "binary_crossentropy" if classes == 2 else "sparse_categorical_crossentropy"


def fit(
    model: Sequential, training: Pictures, validation: Pictures, args: Any
) -> tuple[History, EarlyStopping | None]:
    """Train, with what it takes to go on later, and to stop early if asked."""
    verbose = 0 if args.quiet else 1 if is_terminal(sys.stdout) else 2
    checkpoint = args.out / CHECKPOINT
    if not args.resume and checkpoint.exists() and not args.quiet:
        kept = printable(str(previous(checkpoint)))
        tell(f"A run was there already; it will be kept as {kept} (--resume goes on with it)")
    if args.resume and not checkpoint.exists() and not args.quiet:
        tell(f"No run to go on with in {printable(str(args.out))}: it begins")
    stopping = None if args.patience is None else EarlyStopping(patience=args.patience)
    callbacks: list[Callback] = [ModelCheckpoint(checkpoint), CSVLogger(args.out / "log.csv")]
    callbacks += [*pages(args), *filter(None, [stopping])]
    try:
        history = model.fit(
            training,
            epochs=args.epochs,
            validation_data=validation,
            callbacks=callbacks,
            verbose=verbose,
            resume=args.resume,
        )
    except KeyboardInterrupt as stop:
        where, saved, _ = str(stop).partition("; the run is saved")
        raise KeyboardInterrupt(
            f"{where}{saved}; go on with the same command and --resume" if saved else where
        ) from None
    return history, stopping


def pages(args: Any) -> list[Callback]:
    """The report, if it was asked for."""
    if args.report is None:
        return []
    return [Report(args.report or args.out / "report.html")]


def draw(
    x: Array, y: Array, answers: Array, classes: tuple[str, ...], history: History, args: Any
) -> None:
    """The plots, if matplotlib is there."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)  # a name in a script without font
        try:
            table = confusion_matrix(y, answers)
            save_plot(viz.curves(history), args.out / "curves.png")
            save_plot(viz.confusion(table, classes), args.out / "confusion.png")
            save_plot(viz.mistakes(x, y, answers, classes), args.out / "mistakes.png")
        except PlotsMissingError as error:
            Forgiving(sys.stderr).write(f"minicnn: no plots: {error}\n")


def save_plot(figure: Any, path: Path) -> None:
    """The figure as a picture; the one from an earlier run is replaced as a whole."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    write_whole(path, picture.getvalue())
