"""Nothing is renamed, replaced or deleted while it is open or mapped: Windows refuses that."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from minicnn import whole_file
from minicnn.data import ImageFolder
from minicnn.data.cache import load_cache
from tests.like_windows import in_use, refusing
from tests.systems import needs_proc

pytestmark = needs_proc
SIZE = (12, 16)


@pytest.fixture(autouse=True)
def as_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, paths in {"replace": 2, "rename": 2, "unlink": 1, "remove": 1}.items():
        monkeypatch.setattr(os, name, refusing(getattr(os, name), paths))
    monkeypatch.setattr(whole_file, "fcntl", None)


def test_the_rehearsal_refuses(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(5000))
    with path.open("rb"), pytest.raises(PermissionError):
        path.unlink()
    mapped = np.memmap(path, np.uint8, "r")
    assert in_use(path)
    with pytest.raises(PermissionError):
        path.replace(tmp_path / "other")
    del mapped
    path.unlink()


def test_a_cache_is_written_and_grows(
    make_folder: Callable[..., Path], own_cache_folder: Path
) -> None:
    root = make_folder(a=3, b=3)
    seen = []
    for extra in range(3):
        seen.append(ImageFolder(root, image_size=SIZE).arrays()[0].copy())
        (file,) = own_cache_folder.iterdir()
        kept = load_cache(file, SIZE)
        assert kept is not None
        assert len(kept.pixels) == 6 + extra
        del kept
        Image.new("RGB", (20, 20), (9, extra, 9)).save(root / "a" / f"new {extra}.png")
    np.testing.assert_array_equal(seen[2][-3:], seen[0][-3:])


def test_a_cache_that_somebody_uses_is_let_be(
    make_folder: Callable[..., Path], own_cache_folder: Path
) -> None:
    root = make_folder(a=3, b=3)
    first = ImageFolder(root, image_size=SIZE)
    Image.new("RGB", (20, 20), (9, 9, 9)).save(root / "a" / "new.png")
    second = ImageFolder(root, image_size=SIZE)
    assert "in memory" in second.report.cache
    assert [len(dataset.arrays()[0]) for dataset in (first, second)] == [6, 7]
    assert len([*own_cache_folder.iterdir()]) == 1  # and nothing half-written beside it


def test_the_pictures_of_another_process_are_not_taken_for_ours(
    make_folder: Callable[..., Path], own_cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_folder(a=2, b=2)
    replace = os.replace

    def then_another(old: str, new: Path) -> None:
        replace(old, new)
        new.write_bytes(b"minicnn pictures 1\n of another process".ljust(9000))

    monkeypatch.setattr(os, "replace", then_another)
    dataset = ImageFolder(root, image_size=SIZE)
    assert "another process" in dataset.report.cache
    expected = ImageFolder(root, image_size=SIZE, cache=False)
    np.testing.assert_array_equal(dataset.arrays()[0], expected.arrays()[0])
