"""docs/your-own-photographs.md: what it says to type can be typed, and says what is true."""

import re
import shlex
from pathlib import Path

import pytest

import minicnn as mc
from tests.cli.conftest import save_picture

PAGE = Path(mc.__file__).parents[1] / "docs" / "your-own-photographs.md"
LINES = [
    line
    for block in re.findall(
        r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    for line in block.splitlines()
]


@pytest.mark.usefixtures("small_catdog")
def test_every_line_of_the_page_can_be_typed(minicnn, here):
    for i in range(5):
        for root in ("photographs", "more-photographs"):
            save_picture(here / root / "cats" / f"{i}.png", 60 + i)
            save_picture(here / root / "dogs" / f"{i}.png", 200 + i)
    save_picture(here / "holiday" / "beach.png", 220)
    assert len(LINES) >= 10
    for line in LINES:
        name, *words = shlex.split(line)
        assert name == "minicnn"
        said = minicnn(*words)
        assert said.code == 0, f"{line}: {said.err}"
        assert said.err == ""
    left = {path.name for path in (here / "runs" / "train").iterdir()}
    table = re.findall(
        r"`([\w.]+)`", "".join(re.findall(r"^\| `.*?\|", PAGE.read_text(encoding="utf-8"), re.M))
    )
    assert left == set(table)


def test_every_command_and_exit_code_is_on_the_page():
    text = PAGE.read_text(encoding="utf-8")
    for command in ("train", "evaluate", "predict", "summary", "gradcheck"):
        assert any(line.startswith(f"minicnn {command}") for line in LINES)
    assert re.search(r"code is 0 .* 1 .* 2 .* 130", text, re.DOTALL)
