"""Training runs that are killed, some of them several times, and resumed: equal bits."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

from benchmarks.campaigns.campaign import Campaign
from benchmarks.campaigns.runs import compare, end, finished, start


class Kills(Campaign):
    """Half of the kills come at a certain dealing with a file, which the seed repeats exactly.

    The others come by the clock, between any two instructions: another time, another moment.
    """

    name = "kills"
    promise = "a run that is killed and resumed ends with the same bits"
    small = 6

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "let be").mkdir()
        started = time.perf_counter()
        self.expected = finished(folder / "let be")
        self.seconds = time.perf_counter() - started

    def case(self, random: Random, folder: Path) -> str:
        kills = 0
        for _ in range(random.randint(1, 3)):
            if random.random() < 0.5:
                process = start(folder, "killed", random.randint(1, 500))
            else:
                process = start(folder)
                time.sleep(random.uniform(0.2, 1.0) * self.seconds)
                process.kill()
            status, _ = end(process)
            if status == 0:  # it was done before
                break
            kills += 1
        compare(finished(folder), self.expected)
        return f"killed {('never, being quicker', 'once', 'twice', 'three times')[kills]}"
