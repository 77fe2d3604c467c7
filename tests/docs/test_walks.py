"""The two walks of docs/house.md: a photograph goes through the functions that they name."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import minicnn as mc
from tests.docs.test_listings import DOCS, FENCE

PACKAGE = Path(mc.__file__).parent
HOP = re.compile(r"^(\S+\.py) +([\w.]+)", re.MULTILINE)
Hop = tuple[str, str]


def walks() -> list[list[Hop]]:
    section = (DOCS / "house.md").read_text(encoding="utf-8").split("## Two walks\n")[1]
    section = section.split("\n## ")[0]
    return [HOP.findall(block[3]) for block in FENCE.finditer(section)]


@pytest.fixture(scope="module")
def met() -> list[Hop]:
    """Every function of minicnn that a step of ``fit`` calls, in order."""
    model = mc.zoo.catdog()
    model.compile(mc.RMSprop(1e-4), "binary_crossentropy")
    x = np.random.default_rng(0).integers(0, 256, (1, 150, 150, 3), dtype=np.uint8)
    met: list[Hop] = []

    def note(frame, event, arg):
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(PACKAGE):
            met.append((path.relative_to(PACKAGE).as_posix(), frame.f_code.co_qualname))

    before = sys.getprofile()
    mc.set_threads(1)
    sys.setprofile(note)
    try:
        model.fit(x, np.array([1]), batch_size=1, epochs=1, verbose=0)
    finally:
        sys.setprofile(before)
        mc.set_threads(None)
    return met


def lost(walk: list[Hop], met: list[Hop]) -> list[Hop]:
    """The hops that were not met after those before them."""
    on_the_way: Iterator[Hop] = iter(met)
    return [hop for hop in walk if hop not in on_the_way]


@pytest.mark.parametrize("which", [0, 1], ids=["to the loss", "to the weights"])
def test_a_photograph_takes_this_way(which: int, met: list[Hop]) -> None:
    walk = walks()[which]
    assert len(walk) >= 30
    assert lost(walk, met) == [], "docs/house.md, Two walks: write down the way that is taken now"


def test_the_page_says_how_many_hops_there_are() -> None:
    text = (DOCS / "house.md").read_text(encoding="utf-8")
    assert [int(n) for n in re.findall(r", (\d+) hops:", text)] == [len(w) for w in walks()]


def test_a_hop_that_is_not_taken_is_lost() -> None:
    met = [("a.py", "f"), ("a.py", "g"), ("b.py", "h")]
    assert lost([("a.py", "f"), ("b.py", "h")], met) == []
    assert lost([("a.py", "g"), ("a.py", "f")], met) == [("a.py", "f")]
