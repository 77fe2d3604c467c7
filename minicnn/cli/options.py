"""What the commands' options have in common."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NoReturn, TypeAlias

from minicnn.arguments import fraction, positive, whole
from minicnn.backends import use_backend
from minicnn.data.picture_error import printable
from minicnn.engine import set_threads
from minicnn.errors import ConfigError
from minicnn.streams import Forgiving
from minicnn.typing import Shape

Commands: TypeAlias = Any  # what argparse's add_subparsers gives; its class is private
BACKENDS = ("numpy", "cupy")
MANY = (
    1_000_000_000  # more than this is a slip of the hand, and no loop should begin to count to it
)
MOST_THREADS = 1024
SEEDS = 2**63  # from -SEEDS to SEEDS - 1
LARGEST_SHAPE = 1_000_000  # numbers of one sample
MOST_AXES = 8
LONGEST = 300  # signs of a complaint: the line of someone who pasted a book


class MisuseError(ConfigError):
    """Options that make no sense together: a complaint, and an exit code, such as argparse has."""


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end."""
        self.complain(message)
        raise SystemExit(2)

    def complain(self, message: str) -> None:
        """Say what is wrong, and where help is."""
        message = printable(message)
        if len(message) > LONGEST:
            message = f"{message[: LONGEST // 2]} … {message[-LONGEST // 4 :]}"
        stream = Forgiving(sys.stderr)
        stream.write(f"{self.prog}: {message} ({self.prog} --help)\n")
        stream.flush()


def add_command(
    commands: Commands, name: str, run: Callable[[Any], int], text: str, examples: str
) -> Parser:
    """A parser for one command; ``text`` is its help, whose first line stands in the overview."""
    parser: Parser = commands.add_parser(
        name,
        help=text.splitlines()[0],
        description=text,
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run, parser=parser)
    return parser


# ---- kinds of values --------------------------------------------------------------------------


def count(text: str) -> int:
    """A whole number of at least 1."""
    return _at_most(MANY, _value(text, int, whole))


def threads(text: str) -> int:
    """How many threads: what a large machine has cores for."""
    return _at_most(MOST_THREADS, _value(text, int, whole))


def seed(text: str) -> int:
    """Any whole number of 64 bits."""
    value: int = _value(text, int, partial(whole, least=-SEEDS))
    return _at_most(SEEDS - 1, value)


def rate(text: str) -> float:
    """A number above 0."""
    return _value(text, float, positive)


def share(text: str) -> float:
    """A number of at least 0 and less than 1."""
    return _value(text, float, fraction)


def shape(text: str) -> Shape:
    """Sizes with commas between them: ``8,8,3``."""
    sizes = tuple(count(size) for size in text.split(","))
    if math.prod(sizes) > LARGEST_SHAPE or len(sizes) > MOST_AXES:
        raise argparse.ArgumentTypeError(
            f"expected at most {MOST_AXES} sizes and {LARGEST_SHAPE:,} numbers, got {text}"
        )
    return sizes


def path(text: str) -> str:
    """What can be the name of a file or a folder."""
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(f"expected a name, got {text!r}")
    return text


def at_most(most: int) -> Callable[[str], int]:
    """Counts that end somewhere."""
    return lambda text: _at_most(most, count(text))


def _at_most(most: int, value: int) -> int:
    if value > most:
        raise argparse.ArgumentTypeError(f"expected it to be at most {most:,}, got {value}")
    return value


def _value(text: str, kind: Callable[[str], Any], judge: Callable[[Any, str], Any]) -> Any:
    try:
        value = kind(text)
    except ValueError:
        value = text
    try:
        return judge(value, "it")
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


# ---- where the work is done ---------------------------------------------------------------------


def add_machine_options(parser: Parser) -> None:
    """``--backend`` and ``--threads``."""
    parser.add_argument("--backend", choices=BACKENDS, default="numpy", help="cupy: on the GPU")
    parser.add_argument(
        "--threads", type=threads, metavar="N", help="cores to use (default: all there are)"
    )


@contextmanager
def machine(args: Any) -> Iterator[None]:
    """Compute where the options say."""
    with use_backend(args.backend):
        if args.threads is None:
            yield
            return
        set_threads(args.threads)
        try:
            yield
        finally:
            set_threads(None)
