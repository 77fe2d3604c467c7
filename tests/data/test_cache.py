"""The cache is right or not there: changed pictures, kills, rivals, and a full disk."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from PIL import Image

from minicnn import whole_file
from minicnn.data import ImageFolder, reading
from minicnn.data.cache import HEADER, CacheWriter, digest, load_cache
from minicnn.whole_file import WholeFile
from tests.effort import examples
from tests.patience import PATIENCE
from tests.systems import needs_limits, needs_locks, needs_replacing_in_use, needs_signals

MakeFolder = Callable[..., Path]
SIZE = (12, 16)


def only_cache(folder: Path) -> Path:
    """The one cache file in ``folder``, and nothing half-written beside it."""
    (file,) = folder.iterdir()
    assert file.suffix == ".pictures"
    return file


def pixels(root: Path, **options: object) -> np.ndarray:
    return ImageFolder(root, image_size=SIZE, **options).arrays()[0]


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the pictures that have been decoded so far."""
    names: list[str] = []
    really = reading.read_picture

    def counted(path: str, *rest: object) -> np.ndarray:
        names.append("/".join(Path(path).parts[-2:]))
        return really(path, *rest)

    monkeypatch.setattr(reading, "read_picture", counted)
    return names


def test_pictures_are_decoded_once(make_folder: MakeFolder, decoded: list[str]) -> None:
    root = make_folder(a=3, b=2)
    first = pixels(root)
    assert len(decoded) == 5
    np.testing.assert_array_equal(pixels(root), first)
    assert len(decoded) == 5
    np.testing.assert_array_equal(pixels(root, cache=False), first)
    assert len(decoded) == 10


@pytest.mark.skipif(os.name == "nt", reason="Windows tells no time of change of an entry")
def test_a_changed_picture_is_read_again(make_folder: MakeFolder, decoded: list[str]) -> None:
    """Even if whoever changed it put its time back and kept its size."""
    root = make_folder(a=3, b=2)
    path = root / "a" / "1.png"
    Image.new("RGB", (40, 40), (10, 20, 30)).save(path.with_suffix(".bmp"))
    path.unlink()
    path = path.with_suffix(".bmp")
    before = pixels(root)
    status = path.stat()
    Image.new("RGB", (40, 40), (30, 20, 10)).save(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size
    decoded.clear()

    after = pixels(root)
    assert decoded == ["a/1.bmp"]
    assert (after[1] == (30, 20, 10)).all()
    np.testing.assert_array_equal(np.delete(after, 1, 0), np.delete(before, 1, 0))


def test_added_and_removed_pictures(make_folder: MakeFolder, decoded: list[str]) -> None:
    root = make_folder(a=3, b=3)
    before = pixels(root)
    (root / "a" / "0.png").unlink()
    decoded.clear()
    np.testing.assert_array_equal(pixels(root), before[1:])
    assert decoded == []
    shutil.copy(root / "b" / "0.png", root / "a" / "7.png")
    np.testing.assert_array_equal(pixels(root), before[[1, 2, 3, 3, 4, 5]])
    assert decoded == ["a/7.png"]


def test_an_unreadable_picture_is_tried_again(
    make_folder: MakeFolder, decoded: list[str], own_cache_folder: Path
) -> None:
    root = make_folder(a=2, b=2)
    (root / "a" / "9.png").write_bytes(b"no picture")
    assert len(pixels(root)) == 4
    written = only_cache(own_cache_folder).stat().st_mtime_ns
    decoded.clear()
    assert len(pixels(root)) == 4
    assert decoded == ["a/9.png"]
    assert only_cache(own_cache_folder).stat().st_mtime_ns == written


def test_settings_do_not_share_a_cache(make_folder: MakeFolder) -> None:
    root = make_folder(a=2, b=2)
    for size in ((8, 8), (8, 12), (8, 8)):
        assert ImageFolder(root, image_size=size).arrays()[0].shape == (4, *size, 3)
    assert len(ImageFolder(root, max_pixels=24 * 32).labels) == 4
    (root / "a" / "big.png").write_bytes((root / "a" / "0.png").read_bytes())
    Image.new("RGB", (100, 100)).save(root / "a" / "big.png")
    assert len(ImageFolder(root).labels) == 5
    assert len(ImageFolder(root, max_pixels=24 * 32).labels) == 4


def a_cache(folder: Path, rows: int = 3) -> Path:
    path = folder / "test.pictures"
    with CacheWriter(path, (4, 5), rows) as writer:
        for number in range(rows):
            row = np.full((4, 5, 3), number + 1, np.uint8)
            writer.append((f"{number}.png", 1, 2, 3), row, digest(row))
        writer.finish()
    return path


@examples(150, also_fine=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_damage_is_believed(tmp_path: Path, data: st.DataObject) -> None:
    """Cut anywhere, longer, or with any byte changed, a cache is none."""
    path = a_cache(tmp_path)
    whole = path.read_bytes()
    assert load_cache(path, (4, 5)) is not None
    at = data.draw(st.one_of(st.integers(0, 200), st.integers(HEADER - 9, len(whole) - 1)))
    if data.draw(st.booleans()):
        broken = whole[:at]
    else:
        broken = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    path.write_bytes(broken)
    assert load_cache(path, (4, 5)) is None
    path.write_bytes(whole + b"\0")
    assert load_cache(path, (4, 5)) is None


def test_a_tail_of_zeros_is_not_believed(tmp_path: Path) -> None:
    """What a power cut leaves of a file that was not flushed: its length, and nothing in it."""
    path = a_cache(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:HEADER] + bytes(len(whole) - HEADER))
    assert load_cache(path, (4, 5)) is None
    path.write_bytes(bytes(len(whole)))
    assert load_cache(path, (4, 5)) is None


@needs_replacing_in_use
def test_a_reader_keeps_its_rows_when_the_cache_is_replaced(tmp_path: Path) -> None:
    path = a_cache(tmp_path)
    old = load_cache(path, (4, 5))
    assert old is not None
    a_cache(tmp_path, rows=1)
    assert old.pixels[:, 0, 0, 0].tolist() == [1, 2, 3]


def test_a_cache_of_no_rows(tmp_path: Path) -> None:
    found = load_cache(a_cache(tmp_path, rows=0), (4, 5))
    assert found is not None
    assert found.pixels.shape == (0, 4, 5, 3)


@needs_locks
def test_leftovers_of_the_dead_are_removed(make_folder: MakeFolder, own_cache_folder: Path) -> None:
    """Of every cache in the folder, also when nothing has to be written."""
    root = make_folder(a=2, b=2)
    pixels(root)
    cache = only_cache(own_cache_folder)
    for name in (cache.name, "other-pictures-of-long-ago-0123456789abcdef01234567.pictures"):
        left = WholeFile(own_cache_folder / name)
        os.close(left.handle)  # what the system does when a process is killed
    not_ours = WholeFile(own_cache_folder / "notes")
    alive = WholeFile(cache)
    try:
        os.close(not_ours.handle)
        pixels(root)
        assert sorted(own_cache_folder.iterdir()) == sorted([cache, alive.part, not_ours.part])
    finally:
        os.close(alive.handle)
    not_ours.part.unlink()
    pixels(root)
    assert only_cache(own_cache_folder) == cache


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_nobody_else_may_read_a_cache(make_folder: MakeFolder, own_cache_folder: Path) -> None:
    """The photographs may be for the user alone."""
    before = os.umask(0o022)
    try:
        pixels(make_folder(a=2, b=2))
    finally:
        os.umask(before)
    assert stat.S_IMODE(only_cache(own_cache_folder).stat().st_mode) == 0o600


def test_where_open_files_cannot_be_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows: the file is closed, renamed, and mapped under its own name."""
    monkeypatch.setattr(whole_file, "fcntl", None)
    order = []
    for name in ("close", "replace"):
        really = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, f=really, n=name: order.append(n) or f(*a))
    path = a_cache(tmp_path)
    assert order.index("close") < order.index("replace")
    found = load_cache(path, (4, 5))
    assert found is not None
    assert found.pixels[:, 0, 0, 0].tolist() == [1, 2, 3]


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Another process that runs ``code``."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )


KILLED = """
import os, signal, sys
from minicnn import whole_file
from minicnn.data import ImageFolder, cache
root, moment = sys.argv[1:]
calls = 0

def die_before(function, call=1):
    def deadly(*arguments):
        global calls
        calls += 1
        if calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments)
    return deadly

if moment == "rows":
    cache.CacheWriter.append = die_before(cache.CacheWriter.append, 4)
elif moment == "within a row":
    whole_file.WholeFile.write = lambda file, content: die_before(os.fsync)(
        os.write(file.handle, content.cast("B")[:100]) and file.handle
    )
elif moment == "index":
    cache.CacheWriter.finish = die_before(cache.CacheWriter.finish)
elif moment == "flush":
    os.fsync = die_before(os.fsync)
elif moment == "rename":
    os.replace = die_before(os.replace)
elif moment == "after":
    whole_file._flush_folder = die_before(whole_file._flush_folder)
ImageFolder(root, image_size=(12, 16), threads=1)
"""


@needs_signals
@pytest.mark.parametrize("moment", ["rows", "within a row", "index", "flush", "rename", "after"])
@pytest.mark.parametrize("state", ["no cache yet", "an older cache"])
def test_killed_while_writing(
    moment: str, state: str, make_folder: MakeFolder, own_cache_folder: Path
) -> None:
    """The process really dies, by SIGKILL, at each step of writing."""
    root = make_folder(a=4, b=4)
    if state == "an older cache":
        pixels(root)
        for path in root.glob("*/*.png"):
            Image.new("RGB", (20, 20), (1, 2, 3)).save(path)
    expected = pixels(root, cache=False)

    process = start(KILLED, root, moment)
    said = process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL, said
    caches = [*own_cache_folder.glob("*.pictures")]
    left = [*own_cache_folder.glob(".*.part")]
    assert len(left) == (moment != "after")
    assert len(caches) == (moment == "after" or state == "an older cache")
    if caches:
        assert load_cache(caches[0], SIZE) is not None
    np.testing.assert_array_equal(pixels(root), expected)
    np.testing.assert_array_equal(pixels(root), expected)


DIGEST = """
import sys
from minicnn.data import ImageFolder, cache
print(cache.digest(ImageFolder(sys.argv[1], image_size=(12, 16)).arrays()[0]))
"""


def test_three_processes_at_once(make_folder: MakeFolder, own_cache_folder: Path) -> None:
    root = make_folder(a=40, b=40)
    processes = [start(DIGEST, root) for _ in range(3)]
    expected = digest(pixels(root, cache=False))
    for process in processes:
        out, err = process.communicate(timeout=PATIENCE)
        assert (out.strip(), err) == (expected, "")
    assert load_cache(only_cache(own_cache_folder), SIZE) is not None


FULL_DISK = """
import os, resource, sys
from minicnn.data import ImageFolder, cache
root, reserve, size = sys.argv[1:]
if reserve == "found while writing":
    del os.posix_fallocate
resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), int(size)))
dataset = ImageFolder(root, image_size=(12, 16))
print(cache.digest(dataset.arrays()[0]))
print(dataset.report.cache)
"""


@needs_limits
@pytest.mark.parametrize("size", [0, HEADER, HEADER + 1000, HEADER + 8 * 12 * 16 * 3])
@pytest.mark.parametrize("reserve", ["found at the start", "found while writing"])
def test_full_disk(
    reserve: str, size: int, make_folder: MakeFolder, own_cache_folder: Path
) -> None:
    """The system refuses to let the file grow, as on a full disk, wherever that happens."""
    root = make_folder(a=4, b=4)
    out, err = start(FULL_DISK, root, reserve, size).communicate(timeout=PATIENCE)
    lines = out.splitlines()
    assert lines[0] == digest(pixels(root, cache=False))
    assert "File too large" in lines[1]
    assert err.count("\n") == 1, "said once"
    assert "pictures stay in memory" in err
    assert [*own_cache_folder.iterdir()] == []


def test_a_folder_that_cannot_be_written(
    make_folder: MakeFolder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = make_folder(a=2, b=2)
    (tmp_path / "file").touch()
    with caplog.at_level(logging.WARNING, "minicnn.data"):
        found = pixels(root, cache=tmp_path / "file" / "cache")
    np.testing.assert_array_equal(found, pixels(root, cache=False))
    assert len(caplog.records) == 1
    assert "pictures stay in memory" in caplog.text


def test_a_cache_folder_of_ones_own(make_folder: MakeFolder, tmp_path: Path) -> None:
    root = make_folder(a=2, b=2)
    dataset = ImageFolder(root, image_size=SIZE, cache=tmp_path / "here")
    assert dataset.report.cache == str(only_cache(tmp_path / "here"))
