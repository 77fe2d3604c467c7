"""A file is whole or not there, whatever happens while it is written."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import minicnn as mc
from minicnn.saving import write_whole


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    write_whole(path, b"first")
    write_whole(path, b"second")
    assert path.read_bytes() == b"second"
    assert os.listdir(path.parent) == ["file"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("what", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: Any, call: str, what: BaseException
) -> None:
    path = tmp_path / "file"
    write_whole(path, b"first")

    def fail(*_: Any) -> None:
        raise what

    monkeypatch.setattr(os, call, fail)
    expected = mc.SavingError if isinstance(what, OSError) else KeyboardInterrupt
    with pytest.raises(expected) as caught:
        write_whole(path, b"second")
    if isinstance(what, OSError):
        assert "No space left on device; the file from before is untouched" in str(caught.value)
    assert path.read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["file"]


def test_the_bytes_are_on_the_disk_before_the_name_is(tmp_path: Path, monkeypatch: Any) -> None:
    events: list[str] = []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(handle: int) -> None:
        events.append("flush " + os.path.basename(os.readlink(f"/proc/self/fd/{handle}"))[:5])
        real_fsync(handle)

    def replace(old: Any, new: Any) -> None:
        events.append("rename")
        real_replace(old, new)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    (folder := tmp_path / "place").mkdir()
    write_whole(folder / "file", b"content")
    assert events == ["flush .file", "rename", "flush place"]


def test_what_a_killed_process_left_is_removed_and_a_living_one_is_let_be(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    parts = {
        "dead": tmp_path / f".file.{dead.pid}.part",
        "alive": tmp_path / f".file.{os.getppid()}.part",
        "another's": tmp_path / f".other.{dead.pid}.part",
        "no number": tmp_path / ".file.new.part",
    }
    for part in parts.values():
        part.write_bytes(b"half")
    write_whole(tmp_path / "file", b"content")
    assert [name for name, part in parts.items() if part.exists()] == [
        "alive",
        "another's",
        "no number",
    ]


FULL_DISK = """
import resource, sys, minicnn as mc
model = mc.Sequential([mc.Dense(200)], input_shape=(200,))
model.save(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
model[0].params["b"] += 1
model.save(sys.argv[1])
"""


def test_a_full_disk_loses_no_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    result = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True
    )
    assert resource.getrlimit(resource.RLIMIT_FSIZE) == limits
    assert result.returncode == 1
    assert "SavingError" in result.stderr
    assert "File too large; the file from before is untouched" in result.stderr
    assert os.listdir(tmp_path) == ["m.safetensors"]
    assert float(mc.load_model(path)[0].params["b"].sum()) == 0


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "other" / "real", tmp_path / "link"
    real.parent.mkdir()
    real.write_bytes(b"old")
    link.symlink_to(real)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert os.listdir(real.parent) == ["real"]


def test_a_link_to_nothing_yet(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "coming")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "coming").read_bytes() == b"new"


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    """As /dev/stdout and /dev/null, which root could replace."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE)
    write_whole(pipe, b"through")
    assert reader.communicate(timeout=60)[0] == b"through"
    assert pipe.is_fifo()
    assert os.listdir(tmp_path) == ["pipe"]
