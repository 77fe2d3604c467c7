"""Every Python of this machine, with the newest and the oldest dependencies: `make test-matrix`.

    python -m tests.machines.matrix [--quick] [--tests PATH ...] [--workers N]

Each Python gets two virtual environments, .venv-matrix/NAME-newest and NAME-oldest. Oldest are the
packages that pyproject.toml just allows and that have wheels. Then follow OpenBLAS's kernels, and
NumPy without SIMD, on the Python that runs this, as in ``make test-processors``. With ``--quick``,
what CI runs after ``make test``: the oldest on the first Python, the newest on the others that
`make test` has not run on, and no kernels.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.machines import processors
from tests.machines.floors import constraints, project
from tests.machines.pythons import Python, pythons
from tests.machines.runs import BRIEF, ROOT, Run, report, run_all

VENVS = ROOT / ".venv-matrix"
CLAIMED = "Programming Language :: Python :: 3."


def prepare(python: Python, venv: Path, old: bool) -> str:
    """A virtual environment with the package in it; what went wrong, or nothing."""
    shutil.rmtree(venv, ignore_errors=True)
    in_it = str(venv / "bin" / "python")
    install = [in_it, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        _do([python.path, "-m", "venv", str(venv)])
        wanted = venv / "constraints.txt"
        _do([*install, "--upgrade", "pip"])
        floors = constraints(in_it, f"3.{python.version[1]}").items() if old else ()
        wanted.write_text("".join(f"{name}=={version}\n" for name, version in floors))
        limits = ["--only-binary=:all:", "--constraint", str(wanted)]
        _do([*install, *limits, "--editable", ".[dev]"])
    except (LookupError, OSError, RuntimeError) as error:
        return str(error)
    return ""


def _do(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def run_in(python: Python, old: bool, tests: list[str]) -> Run:
    """The tests on one Python, with the oldest dependencies or the newest."""
    which = "oldest" if old else "newest"
    name = f"{python.name}-{which}"
    venv = VENVS / name
    return Run(
        name,
        f"Python {'.'.join(map(str, python.version))}, {which} packages",
        str(venv / "bin" / "python"),
        tests,
        prepare=partial(prepare, python, venv, old),
    )


def shortened(found: list[Python], own: tuple[int, int]) -> list[tuple[Python, bool]]:
    """What CI runs of these, and whether with the oldest packages: each Python once.

    The oldest packages go with the oldest Python. ``own`` is the one on which `make test` has run
    already, with the newest packages.
    """
    newest = [(python, False) for python in found[1:] if python.version[:2] != own]
    return [(python, True) for python in found[:1]] + newest


def main() -> int:
    """Run the tests on every Python that can be had here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the part that CI runs")
    parser.add_argument("--tests", nargs="*", default=[], help="some tests; else the whole suite")
    parser.add_argument("--workers", default="auto", help="how many, as pytest-xdist's -n")
    chosen = parser.parse_args()
    least = project()["requires-python"].removeprefix(">=").split(".")
    found = pythons((int(least[0]), int(least[1])))
    claimed = {line[len(CLAIMED) - 2 :] for line in project()["classifiers"] if CLAIMED in line}
    names = {python.name for python in found}
    left_out = [f"Python {name}: none found here" for name in sorted(claimed - names)]
    if chosen.quick:
        claims = [python for python in found if python.name in claimed]
        short = shortened(claims, sys.version_info[:2])
        runs = [run_in(python, old, chosen.tests) for python, old in short]
        runs = [replace(run, env=BRIEF) for run in runs]
        left_out += [f"Python {name}: not in the short run" for name in sorted(names - claimed)]
    else:
        runs = [run_in(python, old, chosen.tests) for python in found for old in (False, True)]
        kernels, why_not = processors.runs(quick=False)
        runs, left_out = runs + kernels, left_out + why_not
    print("runs:", ", ".join(run.name for run in runs), flush=True)
    logs = ROOT / "runs" / "matrix"
    return report(run_all(runs, logs, chosen.workers), left_out, logs)


if __name__ == "__main__":
    sys.exit(main())
