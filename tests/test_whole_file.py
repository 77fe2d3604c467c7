"""Whose leftovers are removed; all else about a whole file is in tests/saving/test_atomic.py."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicnn.whole_file import LEGIBLE, WholeFile, remove_leftovers
from tests.systems import needs_locks

NAMES = st.text(st.sampled_from("ab.é\n"), min_size=1, max_size=60).filter(
    lambda name: name not in (".", "..")
)
ENDINGS = st.sampled_from(["", "a", ".a", "b.a"])


def left_behind(path: Path) -> Path:
    """What a process that was killed leaves of ``path``."""
    file = WholeFile(path)
    os.close(file.handle)
    return file.part


@needs_locks
@given(st.lists(NAMES, max_size=5, unique_by=lambda name: name[-LEGIBLE:]), ENDINGS)
def test_leftovers_of_one_kind_are_removed(names: list[str], ending: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        parts = {name: left_behind(Path(folder, name)) for name in names}
        remove_leftovers(Path(folder), lambda name: name.endswith(ending))
        kept = [part for name, part in parts.items() if not name.endswith(ending)]
        assert sorted(Path(folder).iterdir()) == sorted(kept)


@needs_locks
@given(st.lists(NAMES, min_size=1, max_size=5, unique_by=lambda name: name[-LEGIBLE:]))
def test_whoever_writes_a_file_removes_the_leftovers_of_this_one(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        parts = {name: left_behind(Path(folder, name)) for name in names}
        with WholeFile(Path(folder, names[0])) as file:
            file.finish()
        kept = [part for name, part in parts.items() if name != names[0]]
        assert sorted(Path(folder).iterdir()) == sorted([*kept, Path(folder, names[0])])


@needs_locks
def test_nothing_else_is_taken_for_a_leftover(tmp_path: Path) -> None:
    others = ["a.part", ".a.part", ".a.0123.part", "a.0123456789abcdef.part", ".a.tmp", "a"]
    for name in others:
        (tmp_path / name).touch()
    (tmp_path / ".a.0123456789abcdef.part").mkdir()
    remove_leftovers(tmp_path, lambda name: True)
    assert sorted(os.listdir(tmp_path)) == sorted([*others, ".a.0123456789abcdef.part"])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.parametrize(("private", "mode"), [(True, 0o600), (False, 0o640)])
def test_a_private_file_is_for_the_user_alone(tmp_path: Path, private: bool, mode: int) -> None:
    before = os.umask(0o027)
    try:
        with WholeFile(tmp_path / "file", private) as file:
            file.finish()
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode
