"""README's map names every room, and no room that is gone."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAP = README[README.index("## Where things are") :]
MAP = MAP[: MAP.index("```\n", MAP.index("```text") + 1)]
ROOMS = sorted(p.name for p in (ROOT / "minicnn").iterdir() if (p / "__init__.py").is_file())


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_is_on_it(room):
    assert f"{room}/" in MAP


def test_every_place_on_it_is_there():
    named = re.findall(r"(?<![\w./])([\w/]+/|\w+\.py)", MAP)
    for place in named:
        where = [ROOT / place, ROOT / "minicnn" / place, ROOT / "examples" / place]
        where.append(ROOT / "minicnn" / "backends" / place)  # reference/, told with its room
        assert any(path.exists() for path in where), place
