"""``minicnn gradcheck``: are the derivatives right?"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

from minicnn.cli.classifier import table
from minicnn.cli.options import Commands, MisuseError, add_command, shape
from minicnn.errors import ConfigError, GradientError, KinkError, MinicnnError, UnprovableError
from minicnn.gradcheck import GradReport, gradcheck
from minicnn.layers import Layer
from minicnn.randomness import generator
from minicnn.testing.layer_table import CASES
from minicnn.typing import Shape

TEXT = """Compare every layer's backward pass with finite differences.

Without options, all layers of the library are checked with many settings. With --layer a layer of
yours is: MODULE:NAME is imported as Python would do it here, and NAME() must give the layer."""

EXAMPLES = """\
  minicnn gradcheck
  minicnn gradcheck --layer my_layers:Swish --shape 8,8,3
  minicnn gradcheck --layer my_layers:Swish --shape 8,8,3 --full     every entry on its own"""

MODES = (False, True)  # of training
SAMPLES = 2
TRIES = 5  # at points that are drawn anew, where one lies on a kink


def add_to(commands: Commands) -> None:
    """The command's options."""
    parser = add_command(commands, "gradcheck", run, TEXT, EXAMPLES)
    parser.add_argument("--layer", metavar="MODULE:NAME", help="a layer of your own")
    parser.add_argument("--shape", type=shape, help="its input without the batch, such as 8,8,3")
    parser.add_argument("--full", action="store_true", help="nudge every entry: slow, exact")


def run(args: Any) -> int:
    """Check one layer, or all."""
    if (args.layer is None) != (args.shape is None):
        raise MisuseError("expected --layer and --shape together, got one of them")
    return check_library(args.full) if args.layer is None else check_own(args)


def check_own(args: Any) -> int:
    """The whole report on a layer of the user's."""
    make = imported(args.layer)
    for training in MODES:
        try:
            report = check(make, args.shape, training, args.full)
        except MinicnnError:
            raise
        except Exception as error:
            raise ConfigError(
                f"{args.layer}: expected build, forward and backward to run, got "
                f"{type(error).__name__}: {error}; MINICNN_TRACEBACK=1 shows where"
            ) from error
        print(f"{'While training' if training else 'In use'}:\n{report}\n")
    return 0


def check_library(full: bool) -> int:
    """A line for each layer and setting: how much of the tolerance the largest error took."""
    lines, wrong = [], []
    for setting, (make, input_shape) in CASES.items():
        used = "WRONG"
        try:
            reports = [check(make, input_shape, training, full) for training in MODES]
            rows = [row for report in reports for row in report.rows]
            used = f"{max(row.error / row.allowed for row in rows):.4%}"
        except GradientError as error:
            wrong.append(error)
        lines.append((setting, type(make()).__name__, str(input_shape), used))
    print(table(("setting", "layer", "input", "used of tolerance"), lines))
    print(f"\n{len(lines) - len(wrong)} of {len(lines)} right, in use and while training")
    if wrong:
        raise wrong[0]
    return 0


def check(make: Callable[[], Any], input_shape: Shape, training: bool, full: bool) -> GradReport:
    """The report of one layer, at a point where it has a derivative."""
    for attempt in range(TRIES):
        x = generator(0, "cli", "gradcheck", attempt).standard_normal((SAMPLES, *input_shape))
        try:
            return gradcheck(make(), x, training, full=full)
        except (KinkError, UnprovableError):
            if attempt == TRIES - 1:
                raise
    raise AssertionError


def imported(name: str) -> Callable[[], Layer]:
    """What the user means by ``module:Class``; their own code is run, as they wish."""
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise ConfigError(f"expected --layer MODULE:NAME, such as my_layers:Swish, got {name!r}")
    here = os.getcwd()
    sys.path.insert(0, here)
    try:
        make = getattr(importlib.import_module(module_name), attribute)
        layer = make()
    except Exception as error:
        raise ConfigError(
            f"expected {name!r} to be imported and called, got {type(error).__name__}: {error}"
        ) from error
    finally:
        sys.path.remove(here)
    if not hasattr(layer, "forward") or not hasattr(layer, "backward"):
        raise ConfigError(f"expected {name}() to give a layer, got {layer!r}")
    return make
