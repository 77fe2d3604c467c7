"""``minicnn summary MODEL``: what a network consists of."""

from __future__ import annotations

from typing import Any

from minicnn import zoo
from minicnn.cli.options import Commands, add_command, count, path
from minicnn.data.picture_error import printable
from minicnn.model import load_model

TEXT = """Show a network: its layers, parameters and what they cost.

MODEL is a saved file, or the name of a ready network: """ + ", ".join(zoo.__all__)

EXAMPLES = """\
  minicnn summary catdog
  minicnn summary runs/train/model.safetensors --batch-size 20"""


def add_to(commands: Commands) -> None:
    """The command's options."""
    parser = add_command(commands, "summary", run, TEXT, EXAMPLES)
    parser.add_argument(
        "model", type=path, metavar="MODEL", help="a saved file, or a name (./NAME: a file)"
    )
    parser.add_argument(
        "--batch-size", type=count, default=32, metavar="N", help="to count the activations of"
    )


def run(args: Any) -> int:
    """Print the table."""
    if args.model in zoo.__all__:
        getattr(zoo, args.model)().summary(args.batch_size)
        return 0
    model = load_model(args.model)
    print(printable_lines(str(model.summary(args.batch_size, print_fn=None))))
    if model.class_names:
        print(f"Classes: {printable(', '.join(model.class_names))}")
    return 0


def printable_lines(text: str) -> str:
    """A file may give its layers any names."""
    return "\n".join(printable(line) for line in text.split("\n"))
