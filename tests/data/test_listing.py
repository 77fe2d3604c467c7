"""How a folder is arranged, and what is said when it cannot be told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicnn.data.listing import class_in_name, list_pictures
from minicnn.errors import DataError
from tests.systems import link, needs_users

MakeFolder = Callable[..., Path]


def touch(root: Path, *names: str) -> Path:
    """Empty files: a listing opens none."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def labelled(root: Path, **options: object) -> list[tuple[str, str]]:
    listing = list_pictures(root, **options)
    return [(file.relative, listing.classes[file.label]) for file in listing.files]


def test_a_folder_for_each_class(tmp_path: Path) -> None:
    touch(tmp_path, "dogs/2.jpg", "dogs/1.jpg", "cats/deep/er/3.PNG", "stray.jpg", "cats/notes.txt")
    listing = list_pictures(tmp_path)
    assert listing.classes == ("cats", "dogs")
    assert labelled(tmp_path) == [
        ("cats/deep/er/3.PNG", "cats"),
        ("dogs/1.jpg", "dogs"),
        ("dogs/2.jpg", "dogs"),
    ]
    assert listing.ignored == ["cats/notes.txt", "stray.jpg"]


def test_given_classes_set_the_order_and_leave_the_rest_out(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg", "b/1.jpg", "c/1.jpg")
    assert labelled(tmp_path, classes=["c", "a"]) == [("c/1.jpg", "c"), ("a/1.jpg", "a")]


@pytest.mark.parametrize(
    "names", [("train", "validation"), ("training", "val"), ("Train", "Test"), ("train", "test1")]
)
def test_parts(tmp_path: Path, names: tuple[str, str]) -> None:
    first, second = names
    touch(
        tmp_path, f"{first}/a/1.jpg", f"{first}/b/2.jpg", f"{second}/a/3.jpg", f"{second}/b/4.jpg"
    )
    touch(tmp_path, "models/readme.txt")
    part = "test" if "est" in second else "validation"
    assert labelled(tmp_path) == [("a/1.jpg", "a"), ("b/2.jpg", "b")]
    assert labelled(tmp_path, part="train") == labelled(tmp_path)
    assert labelled(tmp_path, part=part) == [("a/3.jpg", "a"), ("b/4.jpg", "b")]


def test_a_class_may_be_called_test(tmp_path: Path) -> None:
    touch(tmp_path, "test/1.jpg", "plane/2.jpg")
    assert list_pictures(tmp_path).classes == ("plane", "test")
    touch(tmp_path, "train/3.jpg")
    assert list_pictures(tmp_path, classes=["test", "train"]).classes == ("test", "train")


def test_flat(tmp_path: Path) -> None:
    touch(tmp_path, "train/cat.2.jpg", "train/dog.1.jpg", "train/cat.10.jpg", "train/logo.png")
    (tmp_path / "train" / "folder.jpg").mkdir()
    listing = list_pictures(tmp_path)
    assert listing.classes == ("cat", "dog")
    told = [(f.relative, f.label) for f in listing.files if f.problem is None]
    assert told == [("cat.10.jpg", 0), ("cat.2.jpg", 0), ("dog.1.jpg", 1)]
    assert [f.relative for f in listing.files if f.problem] == ["logo.png"]
    assert labelled(tmp_path, classes=["dog"]) == [("dog.1.jpg", "dog")]


@given(
    st.from_regex(r"[a-zA-Zäß猫][a-zA-Z_ä猫]*[a-zä猫]", fullmatch=True),
    st.integers(0, 10**6),
    st.sampled_from([".", "_", "-", " ", " (", ""]),
)
def test_the_class_is_in_the_name(name: str, number: int, between: str) -> None:
    end = ")" if between == " (" else ""
    assert class_in_name(f"{name}{between}{number}{end}.jpg") == name


def test_a_link_to_the_same_folder_counts_once(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg", "a/sub/2.jpg", "b/3.jpg")
    link(tmp_path / "a" / "again", "sub", folder=True)
    link(tmp_path / "b" / "root", tmp_path, folder=True)
    link(tmp_path / "b" / "a", tmp_path / "a", folder=True)
    found = labelled(tmp_path)
    assert len(found) == 3
    assert ("b/3.jpg", "b") in found


def test_classes_may_be_links(tmp_path: Path) -> None:
    touch(tmp_path, "elsewhere/x/1.jpg", "elsewhere/y/2.jpg")
    (tmp_path / "root").mkdir()
    link(tmp_path / "root" / "cats", tmp_path / "elsewhere" / "x", folder=True)
    link(tmp_path / "root" / "dogs", tmp_path / "elsewhere" / "y", folder=True)
    assert labelled(tmp_path / "root") == [("cats/1.jpg", "cats"), ("dogs/2.jpg", "dogs")]


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        ([], {}, ["no folder and no picture", "put pictures in"]),
        (["a/", "b/"], {}, ["empty folders ['a', 'b']"]),
        (["a/1.jpg", "b/"], {}, ["class 'b'", "got none", "classes=["]),
        (["a/1.jpg", "b/notes.txt"], {}, ["class 'b'", "got none"]),
        (["pets/cats/1.jpg", "pets/dogs/2.jpg"], {}, ["only 'pets'", "one level deeper"]),
        (["a/1.jpg"], {"classes": ["a", "z"]}, ["class 'z'", "got no such folder"]),
        (["sunset.jpg", "me.jpg"], {}, ["cat.12.jpg", "'me.jpg'", "one folder for each class"]),
        (["img_1.jpg", "img_2.jpg"], {}, ["the classes ['img']"]),
        (
            ["cat.1.jpg", "dog.2.jpg"],
            {"classes": ["cat", "cow"]},
            ["are of ['cat', 'dog']", "of 'cow'"],
        ),
        (["a/1.jpg", "b/1.jpg"], {"part": "validation"}, ["no such parts", "validation_split"]),
    ],
)
def test_errors_say_what_to_do(
    tmp_path: Path, names: list[str], options: dict[str, object], words: list[str]
) -> None:
    for name in names:
        if name.endswith("/"):
            (tmp_path / name).mkdir()
        else:
            touch(tmp_path, name)
    with pytest.raises(DataError) as caught:
        list_pictures(tmp_path, **options)
    for word in ["expected", *words]:
        assert word in str(caught.value)


def test_no_folder_at_all(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="got nothing of this name"):
        list_pictures(tmp_path / "missing")
    touch(tmp_path, "file")
    with pytest.raises(DataError, match="got a file; give"):
        list_pictures(tmp_path / "file")


AS_NOBODY = """
import logging, os, sys
from minicnn.data import ImageFolder
from minicnn.data.decode import readable_formats
from minicnn.errors import DataError
logging.disable()
readable_formats()  # all is imported before the right to read it is given up
if os.getuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
report = ImageFolder(sys.argv[1], cache=False).report
print(report.counts)
for error in report.skipped:
    print(os.path.basename(error.path), "|", error.reason)
try:
    ImageFolder(sys.argv[2], cache=False)
except DataError as error:
    print(error)
"""


@needs_users
def test_no_permission(make_folder: MakeFolder) -> None:
    """In a process of a user who may not (root may read everything, so ids are given up)."""
    with tempfile.TemporaryDirectory() as place:  # pytest's own folders are closed to others
        os.chmod(place, 0o755)
        root, locked = Path(place, "root"), Path(place, "locked root")
        shutil.copytree(make_folder(a=2, b=2), root)
        touch(root, "b/locked/1.png")
        locked.mkdir()
        closed = [root / "a" / "0.png", root / "b" / "locked", locked]
        for path in closed:
            path.chmod(0)
        command = [sys.executable, "-c", AS_NOBODY, str(root), str(locked)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        for path in closed:
            path.chmod(0o755)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "{'a': 1, 'b': 2}"
    assert sorted(lines[1:3]) == [
        "0.png | cannot be read (Permission denied)",
        "locked | folder cannot be listed (Permission denied)",
    ]
    assert "cannot be listed (Permission denied)" in lines[3]
