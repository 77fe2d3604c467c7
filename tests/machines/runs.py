"""Several runs of the tests, one after another on all cores, and a table at the end."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

ROOT = Path(__file__).parents[2]
BRIEF = {"HYPOTHESIS_PROFILE": "brief"}  # for what repeats, elsewhere, what CI has tried harder
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
    said: str  # the last line with figures
    cpu: float = 0.0  # seconds, of all its processes: other work on the machine hardly changes it


def run_all(runs: Sequence[Run], logs: Path, workers: str = "auto") -> list[Outcome]:
    """Do all runs; what each wrote goes to ``logs``, and the end of it is shown if it is red.

    One run after another, each with ``workers`` as ``make test`` has them: so all cores are busy
    until the last one ends. What the next run needs is installed in the meantime.
    """
    logs.mkdir(parents=True, exist_ok=True)
    outcomes = []
    with ThreadPoolExecutor(1) as pool:
        prepared = pool.submit(runs[0].prepare) if runs else None
        for run, following in zip_longest(runs, runs[1:]):
            problem = prepared.result()
            prepared = pool.submit(following.prepare) if following else None
            outcomes.append(_go(run, problem, logs, workers))
            print(_line(outcomes[-1]), flush=True)
    return outcomes


def _go(run: Run, problem: str, logs: Path, workers: str) -> Outcome:
    log = logs / f"{run.name}.txt"
    if problem:
        log.write_text(problem, encoding="utf-8")
        return Outcome(run, False, f"not begun, see {log}")
    command = [run.python, "-m", "pytest", "-q", "-n", workers, "--dist", "worksteal"]
    command += ["-p", "no:cacheprovider", *run.tests]
    with open(log, "w", encoding="utf-8") as file:
        tests = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | run.env, stdout=file, stderr=file
        )
        _, status, used = os.wait4(tests.pid, 0)
        tests.returncode = os.waitstatus_to_exitcode(status)
    said = summary(log.read_text(encoding="utf-8", errors="replace"))
    said = said or f"ended with {tests.returncode}, see {log}"
    return Outcome(run, tests.returncode == 0, said, used.ru_utime + used.ru_stime)


def summary(text: str) -> str:
    """The line in which pytest counts what passed and failed; nothing if it came to none."""
    counts = r"\d+ (passed|failed|skipped|errors?)\b.* in [\d.]+s"
    lines = (line for line in reversed(text.splitlines()) if re.search(counts, line))
    return next(lines, "").strip("= ")


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
    head = ("run", "with", "result", "CPU s", "pytest said")
    rows = [
        (o.run.name, o.run.about, "green" if o.green else "RED", f"{o.cpu:.0f}", o.said)
        for o in outcomes
    ]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    ruled = [head, tuple("-" * width for width in widths), *rows]
    cells = ([c.ljust(w) for c, w in zip(row, widths, strict=True)] for row in ruled)
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)
