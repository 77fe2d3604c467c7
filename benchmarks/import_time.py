"""How much longer `import minicnn` takes than `import numpy`: fresh processes, in turns.

python benchmarks/import_time.py
"""

import platform
import statistics
import subprocess
import sys
import time

import numpy as np

import minicnn as mc

ROUNDS = 15


def seconds(statement: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start


def main() -> None:
    times: dict[str, list[float]] = {"numpy": [], "minicnn": []}
    for _ in range(ROUNDS + 1):
        for module, taken in times.items():
            taken.append(seconds(f"import {module}"))
    pairs = list(zip(*(taken[1:] for taken in times.values()), strict=True))  # the first warms up
    more = [with_us - alone for alone, with_us in pairs]
    print(
        f"import numpy {statistics.median(times['numpy'][1:]):.3f} s, import minicnn "
        f"{statistics.median(more):+.3f} s (median of {ROUNDS} pairs; Python "
        f"{platform.python_version()}, NumPy {np.__version__}, minicnn {mc.__version__})"
    )


if __name__ == "__main__":
    main()
