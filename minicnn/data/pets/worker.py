"""A process that draws a share of the pictures and writes their bytes to its output (floor 4).

Started by ``generate.py`` as ``python -m minicnn.data.pets.worker JOB``; see there why.
"""

from __future__ import annotations

import json
import sys

from minicnn.data.pets.knobs import Knobs
from minicnn.data.pets.picture import draw_picture


def main(job: str) -> None:
    """Draw the pictures that ``job`` (JSON) asks for, in their order."""
    wanted = json.loads(job)
    height, width = wanted["size"]
    knobs = Knobs(**wanted["knobs"])
    for number in range(wanted["start"], wanted["stop"]):
        picture = draw_picture(number, wanted["seed"], (height, width), knobs)
        sys.stdout.buffer.write(picture.tobytes())


if __name__ == "__main__":
    main(sys.argv[1])
