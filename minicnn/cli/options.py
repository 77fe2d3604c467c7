"""What the commands' options have in common (top floor)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and where help is."""
        stream = Forgiving(sys.stderr)
        stream.write(f"{self.prog}: {printable(message)} ({self.prog} --help)\n")
        stream.flush()
        raise SystemExit(2)


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
    parser.set_defaults(run=run)
    return parser


# ---- kinds of values --------------------------------------------------------------------------


def count(text: str) -> int:
    """A whole number of at least 1."""
    return _value(text, int, whole)


def rate(text: str) -> float:
    """A number above 0."""
    return _value(text, float, positive)


def share(text: str) -> float:
    """A number of at least 0 and less than 1."""
    return _value(text, float, fraction)


def shape(text: str) -> Shape:
    """Sizes with commas between them: ``8,8,3``."""
    return tuple(count(size) for size in text.split(","))


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
        "--threads", type=count, metavar="N", help="cores to use (default: all there are)"
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
