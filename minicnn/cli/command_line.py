"""``minicnn <command> ...``: which command, and what becomes of its errors.

The exit code is 0 if all went well, 1 for what went wrong, 2 for a command line that makes no
sense, 130 after Ctrl-C. An error is one line; MINICNN_TRACEBACK=1 shows where it came from too.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from minicnn import starting
from minicnn.cli import evaluate, gradcheck, predict, summary, train
from minicnn.cli.options import MisuseError, Parser
from minicnn.cli.streams import forget_what_nobody_takes, three_streams
from minicnn.data.picture_error import printable
from minicnn.errors import MinicnnError
from minicnn.saving.atomic import shown
from minicnn.streams import Forgiving, reader_has_gone
from minicnn.version import __version__

COMMANDS = (train, evaluate, predict, summary, gradcheck)
MISUSED = 2  # argparse's own
INTERRUPTED = 130  # what shells say of a program that Ctrl-C has ended
READER_GONE = 141  # and of one whose reader has gone, such as `head`
SILENT = logging.NullHandler()


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; gives the exit code."""
    logging.getLogger("minicnn").addHandler(SILENT)  # each command prints the report itself
    with three_streams():
        try:
            starting.done()
            code = _carry_out(arguments)
            _send_on()
        except KeyboardInterrupt as stop:
            code = _complain(str(stop) or "interrupted", INTERRUPTED)
        except MinicnnError as error:
            code = _complain(str(error), 1)
        except OSError as error:
            gone = reader_has_gone(error)
            code = READER_GONE if gone else _complain(_of_the_system(error), 1)
        except MemoryError as error:
            code = _complain(f"expected enough memory, got: {error or 'there is none left'}", 1)
        except Exception as error:
            what = f"expected no {type(error).__name__} ever, got one: {error}"
            code = _complain(f"{what}; MINICNN_TRACEBACK=1 shows where, please report it", 1)
        forget_what_nobody_takes()
        return code


def _carry_out(arguments: Sequence[str] | None) -> int:
    try:
        args = _parser().parse_args(arguments)
    except SystemExit as done:  # argparse has said all there is to say
        return int(done.code or 0)
    try:
        return int(args.run(args))
    except MisuseError as error:
        args.parser.complain(str(error))
        return MISUSED


def _send_on() -> None:
    """Only now is it known whether what was printed has been taken."""
    try:
        sys.stdout.flush()
    except OSError as error:
        if reader_has_gone(error):
            raise
        raise OSError(f"expected to write the output, got: {error.strerror or error}") from error


def _of_the_system(error: OSError) -> str:
    """An error that names what it is about, if it is about a file, and not by a number."""
    if error.strerror is None:
        return str(error)
    named = isinstance(error.filename, str | bytes) and error.filename
    about = f"{shown(Path(os.fsdecode(error.filename)))}: " if named else ""
    return f"{about}expected the system to do as it was asked, but: {error.strerror}"


def _complain(message: str, code: int) -> int:
    stream = Forgiving(sys.stderr)
    if os.environ.get("MINICNN_TRACEBACK") == "1":
        stream.write(traceback.format_exc())
    stream.write(f"minicnn: {printable(message)}\n")
    stream.flush()
    return code


def _parser() -> Parser:
    parser = Parser(
        prog="minicnn",
        description="Train a convolutional network on your photographs, and use it.",
        epilog="minicnn <command> --help has examples. The pages: docs/your-own-photographs.md",
    )
    parser.add_argument("--version", action="version", version=f"minicnn {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="<command>", required=True)
    for command in COMMANDS:
        command.add_to(commands)
    return parser
