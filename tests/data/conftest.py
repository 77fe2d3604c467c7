"""Small folders of pictures that the tests of this room make for themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from minicnn.randomness import generator


@pytest.fixture(autouse=True)
def own_cache_folder(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """No test writes into the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("MINICNN_CACHE", str(folder))
    return folder


def speckled(number: int, size: tuple[int, int] = (24, 32)) -> Image.Image:
    """A picture unlike that of any other number."""
    return Image.fromarray(generator(number, "test").integers(0, 256, (*size, 3), dtype=np.uint8))


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[..., Path]:
    """``make_folder(cats=3, dogs=2)``: a root with so many different PNGs in each class."""

    def make(name: str = "root", /, **counts: int) -> Path:
        root = tmp_path / name
        number = 0
        for label, count in counts.items():
            (root / label).mkdir(parents=True)
            for i in range(count):
                speckled(number).save(root / label / f"{i}.png")
                number += 1
        return root

    return make
