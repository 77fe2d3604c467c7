"""Several runs of the tests, as many side by side as there are cores, and a table at the end."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from minicnn.cores import available_cores

ROOT = Path(__file__).parents[2]
SHOWN = 60  # lines of a run that failed

Env = Mapping[str, str]
Prepare = Callable[[], str]  # what to do first; why that cannot be done, or nothing


@dataclass(frozen=True)
class Run:
    """Tests to be run in one setting."""

    name: str
    about: str  # what is special here
    python: str
    tests: Sequence[str] = ()  # none: all
    env: Env = field(default_factory=dict)
    prepare: Prepare = str


@dataclass(frozen=True)
class Outcome:
    """How a run went."""

    run: Run
    green: bool
    said: str  # the last line
    seconds: float


def run_all(runs: Sequence[Run], logs: Path) -> list[Outcome]:
    """Do all runs; what each wrote goes to ``logs``, and the end of it is shown if it is red."""
    logs.mkdir(parents=True, exist_ok=True)
    outcomes: dict[str, Outcome] = {}
    with ThreadPoolExecutor(min(len(runs), available_cores())) as pool:
        for done in as_completed([pool.submit(_go, run, logs) for run in runs]):
            outcome = done.result()
            outcomes[outcome.run.name] = outcome
            print(_line(outcome), flush=True)
    return [outcomes[run.name] for run in runs]


def _go(run: Run, logs: Path) -> Outcome:
    start = time.monotonic()
    log = logs / f"{run.name}.txt"
    problem = run.prepare()
    if problem:
        log.write_text(problem, encoding="utf-8")
        return Outcome(run, False, f"not begun, see {log}", time.monotonic() - start)
    command = [run.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *run.tests]
    with open(log, "w", encoding="utf-8") as file:
        code = subprocess.run(
            command, cwd=ROOT, env=os.environ | run.env, stdout=file, stderr=file, check=False
        ).returncode
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    said = lines[-1].strip("= ") if lines else f"ended with {code}"
    return Outcome(run, code == 0, said, time.monotonic() - start)


def _line(outcome: Outcome) -> str:
    verdict = "green" if outcome.green else "RED"
    return f"{verdict:5}  {outcome.run.name}: {outcome.said}"


def report(outcomes: Sequence[Outcome], left_out: Sequence[str], logs: Path) -> int:
    """Print what red runs wrote, the table, and what was left out; the exit status."""
    for outcome in outcomes:
        if not outcome.green:
            log = logs / f"{outcome.run.name}.txt"
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
            print(f"\n---- {outcome.run.name}, the end of {log}", *lines[-SHOWN:], sep="\n")
    print("\n" + table(outcomes))
    for reason in left_out:
        print(f"left out: {reason}")
    return 0 if outcomes and all(outcome.green for outcome in outcomes) else 1


def table(outcomes: Sequence[Outcome]) -> str:
    """One row a run, in Markdown."""
    head = ("run", "with", "result", "s", "pytest said")
    rows = [
        (o.run.name, o.run.about, "green" if o.green else "RED", f"{o.seconds:.0f}", o.said)
        for o in outcomes
    ]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    ruled = [head, tuple("-" * width for width in widths), *rows]
    cells = ([c.ljust(w) for c, w in zip(row, widths, strict=True)] for row in ruled)
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)
