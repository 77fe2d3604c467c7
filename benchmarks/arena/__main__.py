"""``python -m benchmarks.arena [--quick]``: runs the arena, prints, writes JSON and a plot."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.arena.opponents import ROSTER
from benchmarks.arena.report import render
from benchmarks.arena.runner import PARTS, Arena
from benchmarks.arena.summary import summarize
from benchmarks.arena.turns import Pace
from minicnn.saving import write_whole


def parse() -> argparse.Namespace:
    names = ",".join(entry.name for entry in ROSTER)
    parser = argparse.ArgumentParser(prog="benchmarks.arena", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the headline only, two minutes")
    parser.add_argument("--parts", default=",".join(PARTS), help="what follows the headline")
    parser.add_argument("--rounds", type=int, help="turns of each opponent in a bout")
    parser.add_argument("--seconds", type=float, help="length of a turn, roughly")
    parser.add_argument("--only", default=names, help=f"comma-separated, of {names}")
    parser.add_argument("--out", type=Path, default=Path("runs/bench"), help="folder for the files")
    parser.add_argument("--show", type=Path, help="render this earlier results.json, run nothing")
    args = parser.parse_args()
    unknown = set(args.only.split(",")) - {entry.name for entry in ROSTER}
    if unknown:
        parser.error(f"--only: no {', '.join(sorted(unknown))} here; there are {names}")
    if unknown := set(args.parts.split(",")) - set(PARTS):
        parser.error(f"--parts: no {', '.join(sorted(unknown))} here; there are {','.join(PARTS)}")
    return args


def main() -> None:
    args = parse()
    if args.show:
        print(render(json.loads(args.show.read_text(encoding="utf-8"))))
        return
    entries = [entry for entry in ROSTER if entry.name in args.only.split(",")]
    usual = Pace(5, 0.5) if args.quick else Pace(9, 1.0)
    pace = Pace(args.rounds or usual.rounds, args.seconds or usual.seconds)
    arena = Arena(entries, pace)
    args.out.mkdir(parents=True, exist_ok=True)
    try:
        results = (
            arena.quick() if args.quick else arena.everything(args.parts.split(","))
        ).as_json()
    except BaseException:  # Ctrl-C too: half an hour of figures is worth keeping
        unfinished = args.out / "unfinished.json"
        write_whole(unfinished, json.dumps(arena.results.as_json(), indent=1).encode())
        print(f"written: {unfinished}, all that was measured until it stopped")
        raise
    text = render(results)
    print(text)
    write_whole(args.out / "results.md", text.encode())
    everything = json.dumps({"summary": summarize(results), **results}, indent=1)
    write_whole(args.out / "results.json", everything.encode())
    from benchmarks.arena.plots import draw  # late: a missing font must not cost the figures

    draw(results, args.out / "results.svg")
    print(f"written: {args.out}/results.md, results.json, results.svg")


main()
