"""A hunt for tests that fail now and then: ``make test-flakes SEEDS=10 BUSY=4``.

Each seed is a run of its own: hypothesis draws other examples, the tests stand in another order
(``tests/shuffle.py``), and ``BUSY`` processes that do nothing but count take the cores away. A
suite that is right survives it all; what fails is told with the command that does it again.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)


def options_of(seed: int) -> list[str]:
    """What makes the run of this seed unlike the others."""
    return ["-p", "tests.shuffle", f"--shuffle={seed}", f"--hypothesis-seed={seed}"]


@contextmanager
def a_busy_machine(processes: int) -> Iterator[None]:
    """So many processes that never rest."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def run(seed: int, tests: list[str], log: Path) -> tuple[int, str]:
    """All tests once; pytest's exit status and what it said, which goes to the log as well."""
    # One that hangs is known by where it stands.
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal",
               "-o", "faulthandler_timeout=900", *options_of(seed), *tests]  # fmt: skip
    environment = {"HYPOTHESIS_PROFILE": "anew", **os.environ}
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT, check=False
        )
    return done.returncode, log.read_text(encoding="utf-8", errors="replace")


def hunt(seeds: range, busy: int, tests: list[str], folder: Path) -> dict[str, list[int]]:
    """The tests that failed, and in the runs of which seeds."""
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, list[int]] = defaultdict(list)
    with a_busy_machine(busy):
        for seed in seeds:
            began, log = time.monotonic(), folder / f"seed-{seed}.txt"
            status, said = run(seed, tests, log)
            failed = FAILED.findall(said)
            if status and not failed:
                failed = [f"the run itself (exit status {status}, see {log})"]
            for test in failed:
                found[test].append(seed)
            result = f"{len(failed)} failed" if failed else "all passed"
            print(f"seed {seed}: {result}, {time.monotonic() - began:.0f} s", flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="how many runs")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--busy", type=int, default=0, help="processes that keep the cores busy")
    parser.add_argument("--logs", type=Path, default=Path("runs/flakes"))
    parser.add_argument("tests", nargs="*", help="files, folders or tests; without any, all")
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.seeds)
    found = hunt(seeds, given.busy, given.tests, given.logs.absolute())
    for test, when in sorted(found.items(), key=lambda pair: -len(pair[1])):
        print(f"\n{test}\n  failed in {len(when)} of {len(seeds)} runs, with seeds {when}; again:")
        print("  HYPOTHESIS_PROFILE=anew python -m pytest", *options_of(when[0]), f"'{test}'")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
