"""``python -m benchmarks.arena.opponents pytorch --threads 2``: one worker process.

The pipe is claimed before the framework is imported, because some of them talk.
"""

import argparse
from importlib import import_module

from benchmarks.arena.channel import claim_stdout, serve


def main() -> None:
    pipe = claim_stdout()
    parser = argparse.ArgumentParser()
    parser.add_argument("module")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--variant", default="")
    args = parser.parse_args()
    module = import_module(f"benchmarks.arena.opponents.{args.module}")
    serve(module.Contender(args.threads, args.variant), pipe)


main()
