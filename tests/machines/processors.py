"""The tests, computed as on other processors: `make test-processors`.

    python -m tests.machines.processors [--quick] [--workers N]

Results may differ in last bits from one processor to another, and no test may depend on them. So
the whole suite runs under each of OpenBLAS's kernels, and once without NumPy's vector loops. With
``--quick``, what CI runs after ``make test``: the rooms where sums are made, under two more
kernels, the second of them without vector loops too.
"""

from __future__ import annotations

import argparse
import platform
import sys
from dataclasses import replace

from tests.machines.kernels import Arithmetic, arithmetic, kernels, without_simd
from tests.machines.runs import BRIEF, ROOT, Run, report, run_all

SUMS = [
    "tests/parity",
    "tests/engine",
    "tests/layers",
    "tests/losses",
    "tests/optimizers",
    "tests/gradcheck",
    "tests/backends/reference",
    "tests/backends/test_ops.py",
    "tests/backends/test_numpy_rules.py",
]
MORE_IN_CI = 2  # kernels, beyond those of `make test`


def runs(quick: bool) -> tuple[list[Run], list[str]]:
    """A run for every arithmetic that can be had here, and why there are not more."""
    names, left_out = kernels()
    found = [
        Run(name, f"OpenBLAS's {kernel} kernels", sys.executable, env={"OPENBLAS_CORETYPE": name})
        for name, kernel in names.items()
    ]
    own, no_simd = arithmetic(), without_simd()
    left = arithmetic(**no_simd)
    if no_simd and left is not None and not left.features:
        about = f"NumPy without {no_simd['NPY_DISABLE_CPU_FEATURES']}"
        found.append(Run("no-simd", about, sys.executable, env=no_simd))
    else:
        left_out.append("no-simd: NumPy has no faster loops here that could be taken away")
    if not quick:
        return found, left_out
    left_out += [f"{run.name}: `make test` computes so" for run in found if _is(run, own, names)]
    short, why_not = shortened([run for run in found if not _is(run, own, names)])
    return short, left_out + why_not


def _is(run: Run, own: Arithmetic | None, names: dict[str, str]) -> bool:
    return own is not None and own.kernel is not None and names.get(run.name) == own.kernel


def shortened(found: list[Run]) -> tuple[list[Run], list[str]]:
    """What CI runs of these, and what it does not."""
    kernels, rest = found[:MORE_IN_CI], found[MORE_IN_CI:]
    without = next((run for run in rest if run.name == "no-simd"), None)
    if kernels and without:  # one run that differs in both: the long run tells which of them it is
        last, rest = kernels.pop(), [run for run in rest if run is not without]
        name, about = f"{last.name}-{without.name}", f"{last.about}, {without.about}"
        kernels.append(replace(last, name=name, about=about, env={**last.env, **without.env}))
    short = [replace(run, tests=SUMS, env={**run.env, **BRIEF}) for run in kernels]
    return short, [f"{run.name}: not in the short run" for run in rest]


def main() -> int:
    """Run the tests in every setting that can be had here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the part that CI runs")
    parser.add_argument("--workers", default="auto", help="how many, as pytest-xdist's -n")
    chosen = parser.parse_args()
    found, left_out = runs(chosen.quick)
    print(f"{platform.machine()}: {', '.join(run.name for run in found)}", flush=True)
    logs = ROOT / "runs" / "processors"
    return report(run_all(found, logs, chosen.workers), left_out, logs)


if __name__ == "__main__":
    sys.exit(main())
