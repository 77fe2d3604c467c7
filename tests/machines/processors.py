"""The numerical rooms, computed as on other processors: `make test-processors`.

    python -m tests.machines.processors [--quick]

Results may differ in last bits from one processor to another, and no test may depend on them. With
``--quick``, what CI runs: fewer kernels, and only the rooms where sums are made.
"""

from __future__ import annotations

import argparse
import platform
import sys

from tests.machines.kernels import arithmetic, kernels, without_simd
from tests.machines.runs import ROOT, Run, report, run_all

QUICK = [
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
ALL = [
    *(room for room in QUICK if not room.startswith("tests/backends")),
    "tests/backends",
    "tests/model",
    "tests/training",
    "tests/explain",
    "tests/testing",
    "tests/data",
    "tests/test_initializers.py",
    "tests/test_metrics.py",
    "tests/test_metric_curves.py",
    "tests/docs/test_listings.py",
    "minicnn",
]
KERNELS_IN_CI = 3


def runs(quick: bool) -> tuple[list[Run], list[str]]:
    """A run for every arithmetic that can be had here, and why there are not more."""
    names, left_out = kernels()
    if quick:
        left_out += [f"{name}: not in the short run" for name in list(names)[KERNELS_IN_CI:]]
        names = dict(list(names.items())[:KERNELS_IN_CI])
    rooms = QUICK if quick else ALL
    found = [
        Run(
            name, f"OpenBLAS's {kernel} kernels", sys.executable, rooms, {"OPENBLAS_CORETYPE": name}
        )
        for name, kernel in names.items()
    ]
    no_simd = without_simd()
    left = arithmetic(**no_simd)
    if no_simd and left is not None and not left.features:
        taken = no_simd["NPY_DISABLE_CPU_FEATURES"]
        found.append(Run("no-simd", f"NumPy without {taken}", sys.executable, rooms, no_simd))
    else:
        left_out.append("no-simd: NumPy has no faster loops here that could be taken away")
    return found, left_out


def main() -> int:
    """Run the rooms in every setting that can be had here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the part that CI runs")
    found, left_out = runs(parser.parse_args().quick)
    print(f"{platform.machine()}: {', '.join(run.name for run in found)}", flush=True)
    logs = ROOT / "runs" / "processors"
    return report(run_all(found, logs), left_out, logs)


if __name__ == "__main__":
    sys.exit(main())
