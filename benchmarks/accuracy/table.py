"""The results of the experiments as a table, and their learning curves as a picture.

    python benchmarks/accuracy/table.py [RESULTS] [--curves FILE.png]

RESULTS is a folder with the .json files that the experiments leave in their --out; unless told,
benchmarks/accuracy/results, whose runs docs/accuracy.md reports.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from statistics import mean, stdev
from typing import Any

HERE = Path(__file__).parent
WHERE = {"accuracy": "in training", "val_accuracy": "on others"}


def runs_in(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The runs of each experiment, by seed; the experiments from the least right to the most."""
    found = defaultdict(list)
    for path in sorted(folder.glob("*.json")):
        run = json.loads(path.read_text(encoding="utf-8"))
        found[run["experiment"]].append(run)

    def right(name: str) -> float:
        return mean(run["final"]["choosing"]["accuracy"] for run in found[name])

    return {name: found[name] for name in sorted(found, key=right)}


def spread(values: list[float], digits: int = 1) -> str:
    """Mean ± standard deviation; the value alone if there is one."""
    text = f"{mean(values):.{digits}f}"
    return text if len(values) < 2 else f"{text} ± {stdev(values):.{digits}f}"


def percent(runs: list[dict[str, Any]], part: str) -> str:
    """The accuracy of one part of the photographs, mean and each seed's."""
    values = [100 * run["final"][part]["accuracy"] for run in runs if part in run["final"]]
    return f"{spread(values)} ({', '.join(f'{v:.1f}' for v in values)})" if values else "–"


def table(found: dict[str, list[dict[str, Any]]]) -> str:
    """A line for each experiment, in Markdown."""
    head = ("experiment", "parameters", "held back (500)", "choosing (500)", "all (1000)")
    head += ("training", "best epoch", "epochs", "core minutes", "minutes")
    lines = [head, ("---",) * len(head)]
    for name, runs in found.items():
        last = [100 * run["epochs"]["accuracy"][-1] for run in runs]
        best = [100 * max(run["epochs"]["val_accuracy"]) for run in runs]
        lines.append(
            (
                name,
                f"{runs[0]['parameters']:,}",
                percent(runs, "held_back"),
                percent(runs, "choosing"),
                percent(runs, "all"),
                spread(last),
                spread(best),
                str(runs[0]["recipe"]["epochs"]),
                spread([run["core_seconds"] / 60 for run in runs]),
                spread([run["seconds"] / 60 for run in runs]),
            )
        )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def curves(found: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Accuracy in training and on other photographs, a panel for each experiment."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4), layout="constrained")
    panels = figure.subplots(1, len(found), sharey=True, squeeze=False)[0]
    for axes, (name, runs) in zip(panels, found.items(), strict=True):
        for run in runs:
            for figures, style, width in (("accuracy", "C1:", 1.4), ("val_accuracy", "C0-", 0.9)):
                values = [100 * v for v in run["epochs"][figures]]
                label = WHERE[figures] if run is runs[0] else None
                axes.plot(range(1, len(values) + 1), values, style, lw=width, label=label)
        axes.set_title(name, fontsize=10)
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("accuracy, %")
    panels[-1].legend(fontsize=8, loc="lower right")
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, nargs="?", default=HERE / "results")
    parser.add_argument("--curves", type=Path, help="draw the learning curves too")
    args = parser.parse_args()
    found = runs_in(args.results)
    if not found:
        raise SystemExit(f"table: no results in {args.results}")
    print(table(found))
    newest = max((run for runs in found.values() for run in runs), key=lambda run: run["date"])
    machine = ", ".join(f"{key} {value}" for key, value in newest["machine"].items())
    print(f"\n{newest['date']}; {newest['threads']} thread(s); {machine}")
    if args.curves:
        curves(found, args.curves)


if __name__ == "__main__":
    main()
