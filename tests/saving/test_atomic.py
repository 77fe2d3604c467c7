"""A file is whole or not there, whatever happens while it is written."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import minicnn as mc
from minicnn import whole_file
from minicnn.saving import write_whole
from tests.patience import PATIENCE
from tests.systems import needs_limits, needs_locks, needs_proc


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


@needs_proc
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


KILLED = """
import os, sys
from minicnn.whole_file import WholeFile
file = WholeFile(sys.argv[1])
file.write(b"half")
print(file.part.name, flush=True)
input()
"""


@needs_locks
def test_what_a_killed_process_left_is_removed_and_a_living_one_is_let_be(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path / "file")]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as dead, subprocess.Popen(command, **pipes) as alive:
        assert dead.stdout is not None
        assert alive.stdout is not None
        left, lives = dead.stdout.readline().strip(), alive.stdout.readline().strip()
        dead.kill()
        dead.wait()
        others = [".other.0123456789abcdef.part", ".file.new.part", "file.0123456789abcdef.part"]
        for name in others:
            (tmp_path / name).write_bytes(b"another's")
        assert (tmp_path / left).exists()
        write_whole(tmp_path / "file", b"content")
        assert sorted(os.listdir(tmp_path)) == sorted(["file", lives, *others])
        alive.communicate("\n")


@needs_locks
def test_where_nothing_can_be_locked_a_part_is_let_be_for_ten_minutes(
    tmp_path: Path, monkeypatch: Any
) -> None:
    def fail(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(whole_file.fcntl, "flock", fail)
    young, old = (tmp_path / f".file.{digit * 16}.part" for digit in "12")
    for part, age in ((young, 500), (old, 700)):
        part.write_bytes(b"half")
        os.utime(part, (time.time() - age,) * 2)
    write_whole(tmp_path / "file", b"content")
    assert sorted(os.listdir(tmp_path)) == [young.name, "file"]


# ---- many at once --------------------------------------------------------------------------------


def test_threads_that_save_one_file_never_fail(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([digit]) * 10_000 for digit in b"abcd"]

    def save(content: bytes) -> None:
        for _ in range(60):
            write_whole(path, content)
            assert path.read_bytes() in contents

    with ThreadPoolExecutor(4) as four:
        list(four.map(save, contents))
    assert os.listdir(tmp_path) == ["file"]


MANY = """
import sys
from minicnn.saving import write_whole
for _ in range(40):
    write_whole(sys.argv[1], sys.argv[2].encode() * 10_000)
"""


def test_processes_that_save_one_file_never_fail(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MANY, str(tmp_path / "file")]
    writers = [subprocess.Popen([*command, sign]) for sign in "abc"]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    content = (tmp_path / "file").read_bytes()
    assert content in [sign * 10_000 for sign in (b"a", b"b", b"c")]
    assert os.listdir(tmp_path) == ["file"]


@needs_locks
def test_a_part_that_was_taken_for_a_leftover_is_begun_anew(
    tmp_path: Path, monkeypatch: Any
) -> None:
    """Another writer may come between the opening and the locking."""
    real, taken = whole_file._lock, []

    def lock(handle: int, wait: bool) -> bool | None:
        if not taken:
            taken.extend(tmp_path.glob(".file.*.part"))
            taken[0].unlink()
        return real(handle, wait)

    monkeypatch.setattr(whole_file, "_lock", lock)
    write_whole(tmp_path / "file", b"content")
    assert len(taken) == 1
    assert (tmp_path / "file").read_bytes() == b"content"


def test_a_rename_that_is_refused_for_a_moment_is_tried_again(
    tmp_path: Path, monkeypatch: Any
) -> None:
    """As Windows does while a virus scanner has the file open."""
    real, refused = os.replace, []

    def replace(part: Any, path: Any) -> None:
        if len(refused) < 2:
            refused.append(part)
            raise PermissionError(13, "Permission denied")
        real(part, path)

    monkeypatch.setattr(whole_file, "RENAME_AGAIN_AFTER", (0, 0, 0))
    monkeypatch.setattr(os, "replace", replace)
    write_whole(tmp_path / "file", b"content")
    assert (tmp_path / "file").read_bytes() == b"content"


@needs_locks
def test_a_system_without_flushes_permissions_and_locks(tmp_path: Path, monkeypatch: Any) -> None:
    """Windows and the browser lack some of them."""
    write_whole(tmp_path / "file", b"first")
    for name in ("fsync", "fchmod", "fchown"):
        monkeypatch.delattr(os, name)
    monkeypatch.setattr(whole_file, "fcntl", None)
    old, young = (tmp_path / f".file.{digit * 16}.part" for digit in "12")
    for part in (old, young):
        part.write_bytes(b"half")
    os.utime(old, (time.time() - 700,) * 2)
    write_whole(tmp_path / "file", b"second")
    assert (tmp_path / "file").read_bytes() == b"second"
    assert sorted(os.listdir(tmp_path)) == [young.name, "file"]


# ---- who may read it -----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o606, 0o755])
def test_a_file_that_is_replaced_hands_on_its_permissions(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(mode)
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_permissions_that_the_user_gives_new_files(
    tmp_path: Path, umask: int, mode: int
) -> None:
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "file", b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


def test_what_is_secret_is_never_open_to_others_while_it_is_written(
    tmp_path: Path, monkeypatch: Any
) -> None:
    path, modes = tmp_path / "file", []
    path.write_bytes(b"old")
    path.chmod(0o600)
    real = os.write

    def write(handle: int, content: Any) -> int:
        modes.append(stat.S_IMODE(os.fstat(handle).st_mode))
        return real(handle, content)

    monkeypatch.setattr(os, "write", write)
    write_whole(path, b"new")
    assert modes == [0o600]


NOBODY = 65534


@pytest.fixture
def common() -> Iterator[Path]:
    """A folder of ours, while we are no root: root may write everywhere."""
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() != 0:
            yield Path(folder)
            return
        os.chown(folder, NOBODY, NOBODY)
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
        try:
            yield Path(folder)
        finally:
            os.seteuid(0)
            os.setegid(0)


@needs_locks
def test_a_file_that_may_not_be_written_is_let_be(common: Path) -> None:
    path = common / "file"
    path.write_bytes(b"dear")
    path.chmod(0o444)
    with pytest.raises(mc.SavingError, match="may not be written to; the file from before"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"dear"
    assert os.listdir(common) == ["file"]


@needs_locks
def test_a_folder_that_may_not_be_written_to(common: Path) -> None:
    common.chmod(0o500)
    with pytest.raises(mc.SavingError, match="Permission denied; change its permissions"):
        write_whole(common / "file", b"new")
    common.chmod(0o700)
    assert os.listdir(common) == []


@needs_locks
def test_a_folder_that_may_be_written_to_and_not_read(common: Path) -> None:
    common.chmod(0o300)
    write_whole(common / "file", b"first")
    write_whole(common / "file", b"second")
    common.chmod(0o700)
    assert (common / "file").read_bytes() == b"second"


@needs_locks
def test_a_group_that_cannot_be_kept_opens_the_file_to_no_other_group(
    tmp_path: Path, monkeypatch: Any
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o664)
    there = path.stat()
    real = os.stat_result([*there[:4], there.st_uid, there.st_gid + 1, *there[6:10]])

    def refuse(*_: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(whole_file, "_what_is_there", lambda _: real)
    monkeypatch.setattr(os, "fchown", refuse)
    write_whole(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


# ---- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [None, "", "a\0b", b"file", 3, "half a sign: \ud800", ["file"]])
def test_what_names_no_file_is_one_error(tmp_path: Path, monkeypatch: Any, path: Any) -> None:
    monkeypatch.chdir(tmp_path)
    model = mc.Sequential([mc.Dense(1)], input_shape=(1,))
    for use in (model.save, mc.load_model):
        with pytest.raises(mc.ConfigError, match="expected the path of a file, got"):
            use(path)
    assert os.listdir(tmp_path) == []


@needs_locks
def test_names_that_no_disk_takes(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "file").touch()
    for name, complaint in {
        "x" * 300: "File name too long; choose a shorter name",
        "a": "Too many levels of symbolic links; name the file itself",
        ".": "it is a folder; name a file in it",
        "file/model": "Not a directory; save somewhere else",
    }.items():
        with pytest.raises(mc.SavingError, match=complaint) as caught:
            write_whole(tmp_path / name, b"new")
        assert len(str(caught.value)) < 400
        with pytest.raises(
            mc.SavingError, match="expected a file saved by minicnn, got "
        ) as caught:
            mc.load_model(tmp_path / name)
        assert len(str(caught.value)) < 400
    assert sorted(os.listdir(tmp_path)) == ["a", "b", "file"]


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1))
def test_every_name_that_a_disk_takes_can_be_saved_to(name: str) -> None:
    name = name.encode()[:255].decode(errors="ignore")
    assume(name not in ("", ".", ".."))
    with tempfile.TemporaryDirectory() as folder:
        for content in (b"first", b"second"):
            write_whole(os.path.join(folder, name), content)
        assert os.listdir(folder) == [name]
        assert Path(folder, name).read_bytes() == b"second"


def test_a_name_that_is_no_text_and_one_as_long_as_can_be(tmp_path: Path) -> None:
    for name in (b"\xff\xfe.bin", b"x" * 255, "ü".encode() * 127):
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        write_whole(path, b"first")
        write_whole(path, b"second")
        assert path.read_bytes() == b"second"
    assert len(os.listdir(tmp_path)) == 3


@needs_locks
def test_a_link_in_the_place_of_a_part_is_not_followed(tmp_path: Path, monkeypatch: Any) -> None:
    """Even if somebody could foresee its name."""
    monkeypatch.setattr(os, "urandom", lambda count: b"\0" * count)
    for target in ("victim", "nothing"):
        (tmp_path / "victim").write_bytes(b"dear")
        part = tmp_path / f".file.{'0' * 16}.part"
        part.symlink_to(target)
        with pytest.raises(mc.SavingError, match="File exists"):
            write_whole(tmp_path / "file", b"new")
        assert part.is_symlink()
        assert (tmp_path / "victim").read_bytes() == b"dear"
        assert sorted(os.listdir(tmp_path)) == [part.name, "victim"]
        part.unlink()


FULL_DISK = """
import resource, sys, minicnn as mc
model = mc.Sequential([mc.Dense(200)], input_shape=(200,))
model.save(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
model[0].params["b"] += 1
model.save(sys.argv[1])
"""


@needs_limits
def test_a_full_disk_loses_no_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    import resource

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


@needs_locks
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "other" / "real", tmp_path / "link"
    real.parent.mkdir()
    real.write_bytes(b"old")
    link.symlink_to(real)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert os.listdir(real.parent) == ["real"]


@needs_locks
def test_a_link_to_nothing_yet(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "coming")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "coming").read_bytes() == b"new"


@needs_locks
def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    """As /dev/stdout and /dev/null, which root could replace."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE)
    write_whole(pipe, b"through")
    assert reader.communicate(timeout=PATIENCE)[0] == b"through"
    assert pipe.is_fifo()
    assert os.listdir(tmp_path) == ["pipe"]
