"""A process that draws a share of the pictures and writes their bytes to its output.

Started by ``generate.py`` as ``python -m minicnn.data.pets.worker JOB START STOP``; see there why.
"""

from __future__ import annotations

import sys

from minicnn.data.pets.job import Job
from minicnn.data.pets.picture import draw_picture


def main(told: str, start: str, stop: str) -> None:
    """Draw the pictures that a job (JSON) asks for, in their order."""
    job = Job.from_json(told)
    for number in range(int(start), int(stop)):
        sys.stdout.buffer.write(draw_picture(number, job).tobytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
