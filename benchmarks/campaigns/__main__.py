"""``python -m benchmarks.campaigns [NAME ...]``: tries the library's promises on many cases."""

from __future__ import annotations

import argparse

from benchmarks.campaigns.campaign import run
from benchmarks.campaigns.full_disks import FullDisks
from benchmarks.campaigns.kills import Kills
from benchmarks.campaigns.mutated_files import MutatedFiles
from benchmarks.campaigns.mutated_pictures import MutatedPictures
from benchmarks.campaigns.random_networks import RandomNetworks
from benchmarks.campaigns.resealed_files import ResealedFiles

CAMPAIGNS = {
    kind.name: kind
    for kind in (Kills, FullDisks, MutatedFiles, ResealedFiles, MutatedPictures, RandomNetworks)
}
SIZES = {"small": 1, "medium": 10, "large": 100}


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.campaigns", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(CAMPAIGNS)}; all")
    parser.add_argument("--size", choices=SIZES, default="small", help="small: seconds each")
    parser.add_argument("--count", type=int, help="so many cases of each, instead of a size")
    parser.add_argument("--seed", type=int, default=0, help="other cases")
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    args = parser.parse_args(words)
    if unknown := set(args.names) - set(CAMPAIGNS):
        parser.error(f"expected of {', '.join(CAMPAIGNS)}, got {', '.join(sorted(unknown))}")
    wrong = 0
    for name in args.names or CAMPAIGNS:
        kind = CAMPAIGNS[name]
        count = kind.small * SIZES[args.size] if args.count is None else args.count
        outcome = run(kind, count, args.seed, args.first)
        print(outcome, flush=True)
        wrong += len(outcome.defects)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
