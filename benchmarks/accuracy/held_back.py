"""Measure saved models on the half that was held back, once, after all choices are made.

    python benchmarks/accuracy/held_back.py DIR RESULTS

RESULTS is a folder of models and .json files of runs with --probe; their results are completed.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from experiment import describe, measure, write


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="with train/ and validation/ in it")
    parser.add_argument("results", type=Path, help="an --out of experiments")
    args = parser.parse_args()
    for path in sorted(args.results.glob("*.json")):
        run = json.loads(path.read_text(encoding="utf-8"))
        if "held_back" in run["final"]:
            continue
        model = path.with_suffix(".safetensors")
        run["final"] = measure(str(model), args.folder, probe=False)
        write(path, run)
        print(f"{run['experiment']}, seed {run['seed']}: {describe(run['final'])}")


if __name__ == "__main__":
    main()
