"""Archives that nobody should unpack as they are."""

import errno
import io
import shutil
import stat
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from minicnn.data.unpack import unpack
from minicnn.errors import DataError
from tests.effort import examples


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], inside: str = "top/") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as contents:
        contents.writestr(inside, b"")
        for name, content in members:
            contents.writestr(name, content)
    return file.getvalue()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where to unpack, with folders above it that are empty but for it."""
    deep = tmp_path / "above" / "place"
    deep.mkdir(parents=True)
    return deep


@pytest.fixture
def unpacked(place: Path) -> Any:
    def unpack_into_a_folder(content: bytes, **limits: int) -> Path:
        (place / "a.zip").write_bytes(content)
        return unpack(place / "a.zip", "top", place / "folder", **limits)

    return unpack_into_a_folder


def left_behind(place: Path) -> list[str]:
    around = place.parents[1].rglob("*")
    return [str(p) for p in around if p not in (place.parent, place, place / "a.zip")]


def test_a_folder_comes_out_as_it_went_in(unpacked: Any) -> None:
    folder = unpacked(zipped(("top/a/b.jpg", b"b" * 100_000), ("top/c.jpg", b"c")))
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.jpg")}
    assert files == {"a/b.jpg": b"b" * 100_000, "c.jpg": b"c"}


@pytest.mark.parametrize(
    "name",
    ["../out", "top/../../out", "/out", "//out", "top//out", "C:/out", "C:out", "..\\out", "./out",
     "top/.", "top/..", "top/a\x00/../../out", "top/\x1b[2Jout", "top/a\nb"],
)  # fmt: skip
def test_no_path_escapes(unpacked: Any, place: Path, name: str) -> None:
    with pytest.raises(DataError, match="would leave the folder"):
        unpacked(zipped(("top/fine", b"fine"), (raw_name(name), b"out")))
    assert left_behind(place) == []


def raw_name(name: str) -> zipfile.ZipInfo:
    """A member with just this name: zipfile's own writer would have put it right."""
    member = zipfile.ZipInfo("x")
    member.filename = name
    return member


@given(steps=st.lists(st.sampled_from(["..", ".", "", "a", "/", "\\", "C:"]), max_size=5))
@examples(25, also_fine=[HealthCheck.function_scoped_fixture])
def test_whatever_the_name_nothing_is_written_outside(
    unpacked: Any, place: Path, steps: list[str]
) -> None:
    try:
        unpacked(zipped((raw_name("/".join([*steps, "planted"])), b"!"), ("top/planted", b"!")))
    except DataError:
        pass
    else:
        for planted in (place / "folder").rglob("planted"):
            planted.unlink()
        for folder in sorted((place / "folder").rglob("*"), reverse=True):
            folder.rmdir()
        (place / "folder").rmdir()
    assert left_behind(place) == []


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_no_links_and_no_devices(unpacked: Any, kind: int) -> None:
    link = zipfile.ZipInfo("top/link")
    link.external_attr = (kind | 0o777) << 16
    with pytest.raises(DataError, match="got 'top/link', a link or a device"):
        unpacked(zipped((link, b"/etc/passwd")))


def test_a_bomb_is_refused_by_what_it_says(unpacked: Any, place: Path) -> None:
    bomb = zipped(*((f"top/{i}", bytes(1_000_000)) for i in range(20)))
    assert len(bomb) < 40_000
    with pytest.raises(
        DataError, match=r"got 20,000,000 bytes when unpacked, more than 10,000,000"
    ):
        unpacked(bomb, at_most_bytes=10_000_000)
    assert left_behind(place) == []


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_a_bomb_that_lies_is_stopped(
    unpacked: Any, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = zipped(("top/a", bytes(1_000_000)))
    said = struct.pack("<L", 1_000_000)
    assert bomb.count(said) == 2  # before the file, and in the list at the end
    written = []
    monkeypatch.setattr(shutil, "rmtree", lambda part, **_: written.append(size_of(part)))
    with pytest.raises(DataError):
        unpacked(bomb.replace(said, struct.pack("<L", 5)), at_most_bytes=1000)
    assert sum(written) <= 5
    monkeypatch.undo()
    shutil.rmtree(next(place.glob(".folder.*.part")))
    assert left_behind(place) == []


def test_too_many_files(unpacked: Any) -> None:
    many = zipped(*((f"top/{i}", b"") for i in range(100)))
    with pytest.raises(DataError, match="got 101 files, more than 100"):
        unpacked(many, at_most_files=100)


def test_a_name_that_comes_twice(unpacked: Any, place: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = zipped(("top/a", b"1"), ("top/a", b"2"))
    with pytest.raises(DataError, match="expected to unpack"):
        unpacked(twice)
    assert left_behind(place) == []


def test_without_the_folder_that_is_wanted(unpacked: Any) -> None:
    with pytest.raises(DataError, match="got no folder 'top' in it"):
        unpacked(zipped(("other/a", b"a"), inside="other/"))


def test_every_bit_that_is_turned_is_noticed(unpacked: Any, place: Path) -> None:
    content = bytes(range(256)) * 4
    whole = zipped(("top/a", content))
    for at in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[at] ^= 0x10
        try:
            folder = unpacked(bytes(damaged))
        except DataError:
            assert not (place / "folder").exists()
            continue
        for file in folder.rglob("*"):  # a date, or the like: the content is what it was
            assert file.read_bytes() == content
            file.unlink()
        folder.rmdir()


def test_a_full_disk_leaves_nothing(
    unpacked: Any, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("minicnn.data.unpack._move", full)
    with pytest.raises(DataError, match="No space left"):
        unpacked(zipped(("top/a", b"a")))
    assert left_behind(place) == []
