"""``minicnn <command> ...``: which command, and what becomes of its errors (top floor).

The exit code is 0 if all went well, 1 for what went wrong, 2 for a command line that makes no
sense, 130 after Ctrl-C. An error is one line; MINICNN_TRACEBACK=1 shows where it came from too.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import traceback
from collections.abc import Sequence

from minicnn.cli import evaluate, gradcheck, predict, summary, train
from minicnn.cli.options import Parser
from minicnn.data.picture_error import printable
from minicnn.errors import MinicnnError
from minicnn.version import __version__

COMMANDS = (train, evaluate, predict, summary, gradcheck)
INTERRUPTED = 130  # what shells say of a program that Ctrl-C has ended
READER_GONE = 141  # and of one whose reader has gone, such as `head`
SILENT = logging.NullHandler()


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; gives the exit code."""
    logging.getLogger("minicnn").addHandler(SILENT)  # each command prints the report itself
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a sign gets its number
            stream.reconfigure(errors="backslashreplace")
    try:
        args = _parser().parse_args(arguments)
    except SystemExit as done:  # argparse has said all there is to say
        return int(done.code or 0)
    try:
        code = int(args.run(args))
        sys.stdout.flush()
    except KeyboardInterrupt as stop:
        return _complain(str(stop) or "interrupted", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python would complain when it flushes
        return READER_GONE
    except (MinicnnError, OSError) as error:
        return _complain(str(error), 1)
    except Exception as error:
        what = f"expected no {type(error).__name__} ever, got one: {error}"
        return _complain(f"{what}; MINICNN_TRACEBACK=1 shows where, please report it", 1)
    return code


def _complain(message: str, code: int) -> int:
    if os.environ.get("MINICNN_TRACEBACK") == "1":
        traceback.print_exc()
    print(f"minicnn: {printable(message)}", file=sys.stderr, flush=True)
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
