"""ImageFolder: what it promises beyond its parts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import minicnn.data
from minicnn.data import ImageFolder, read_picture
from minicnn.errors import ConfigError, DataError
from tests.narrow import indices_of_32_bits, no_more_threads

MakeFolder = Callable[..., Path]


def test_pictures_labels_and_paths_go_together(make_folder: MakeFolder) -> None:
    dataset = ImageFolder(make_folder(dogs=3, cats=4), image_size=(10, 14), batch_size=3)
    assert dataset.classes == ("cats", "dogs")
    assert dataset.labels.dtype == np.int64
    assert dataset.labels.tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert dataset.samples == list(zip(dataset.paths, dataset.labels.tolist(), strict=True))
    assert len(dataset) == 3
    x, y = dataset.arrays()
    assert x.dtype == np.uint8
    assert y.dtype == np.int64
    for path, label, pixels in zip(dataset.paths, y, x, strict=True):
        assert path.parent.name == dataset.classes[label]
        np.testing.assert_array_equal(pixels, read_picture(str(path), (10, 14)))
    label_of = dict(zip(map(bytes, x), y, strict=True))
    for batch in dataset.epoch(0):
        assert [label_of[bytes(pixels)] for pixels in batch.x] == batch.y.tolist()


def test_a_folder_is_counted_and_read_where_indices_have_32_bits_and_nothing_is_parallel(
    make_folder: MakeFolder,
) -> None:
    root = make_folder(dogs=3, cats=4)
    with indices_of_32_bits(), no_more_threads():
        dataset = ImageFolder(root, image_size=8, threads=2, cache=False)
        assert dataset.report.counts == {"cats": 4, "dogs": 3}
        assert sum(len(batch.x) for batch in dataset.epoch(0)) == 7


def test_images_are_square_for_one_number(make_folder: MakeFolder) -> None:
    assert ImageFolder(make_folder(a=1, b=1), image_size=7).arrays()[0].shape == (2, 7, 7, 3)


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_change_nothing(make_folder: MakeFolder, threads: int) -> None:
    root = make_folder(a=9, b=9)
    options = {"augment": "classic", "batch_size": 5, "cache": False}
    one = [b.x for b in ImageFolder(root, threads=1, **options).epoch(3)]
    many = [b.x for b in ImageFolder(root, threads=threads, **options).epoch(3)]
    for a, b in zip(one, many, strict=True):
        np.testing.assert_array_equal(a, b)


def test_split_keeps_paths_with_pixels(make_folder: MakeFolder) -> None:
    for part in ImageFolder(make_folder(a=9, b=6), image_size=8).split(0.4, seed=3):
        for path, label, pixels in zip(part.paths, part.labels, part.arrays()[0], strict=True):
            assert path.parent.name == part.classes[label]
            np.testing.assert_array_equal(pixels, read_picture(str(path), (8, 8)))


def test_validation_split_is_split(make_folder: MakeFolder) -> None:
    root = make_folder(a=8, b=8)
    training, validation = ImageFolder(root).split(0.25, seed=5)
    for subset, part in (("train", training), ("training", training), ("validation", validation)):
        again = ImageFolder(root, validation_split=0.25, subset=subset, seed=5)
        assert again.paths == part.paths


def test_pair_of_folders(make_folder: MakeFolder, tmp_path: Path) -> None:
    make_folder("root/train", a=3, b=3)
    root = make_folder("root/validation", a=2, b=2).parent
    training, validation = ImageFolder.pair(root, augment="classic", image_size=8)
    assert (len(training.labels), len(validation.labels)) == (6, 4)
    assert training.augment is not None
    assert (validation.augment, validation.shuffle) == (None, False)
    assert ImageFolder(root).root == root / "train"
    assert ImageFolder(root, subset="validation").root == root / "validation"


def test_pair_by_chance(make_folder: MakeFolder) -> None:
    training, validation = ImageFolder.pair(make_folder(a=5, b=5), validation_split=0.2)
    assert (len(training.labels), len(validation.labels)) == (8, 2)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"image_size": (0, 5)}, ConfigError, "(height, width)"),
        ({"image_size": (1, 2, 3)}, ConfigError, "(height, width)"),
        ({"on_error": "ignore"}, ConfigError, "'skip' or 'raise'"),
        ({"classes": "cats"}, ConfigError, "list of different names"),
        ({"classes": ["a", "a"]}, ConfigError, "list of different names"),
        ({"subset": "both"}, ConfigError, "'train' or 'validation'"),
        ({"validation_split": 0.2}, ConfigError, "ImageFolder.pair"),
        ({"augment": "strong"}, ConfigError, "classic"),
        ({"subset": "validation"}, DataError, "no such parts"),
    ],
)
def test_errors(
    options: dict[str, object], error: type[Exception], words: str, make_folder: MakeFolder
) -> None:
    with pytest.raises(error) as caught:
        ImageFolder(make_folder(a=1, b=1), **options)
    assert "expected" in str(caught.value)
    assert words in str(caught.value)


def test_no_readable_picture(tmp_path: Path, make_folder: MakeFolder) -> None:
    root = make_folder(a=2)
    (root / "b").mkdir()
    (root / "b" / "1.jpg").write_text("nothing")
    with pytest.raises(DataError, match=r"readable pictures of 'b'.*1\.jpg: not a picture"):
        ImageFolder(root)
    for path in root.glob("a/*"):
        path.write_bytes(b"")
    with pytest.raises(DataError, match=r"of any class.*the file is empty"):
        ImageFolder(root)


def test_validation_split_of_folders_that_are_split(make_folder: MakeFolder) -> None:
    make_folder("root/train", a=2, b=2)
    root = make_folder("root/val", a=2, b=2).parent
    with pytest.raises(ConfigError, match=r"in separate folders .*, got 0\.2; leave it out"):
        ImageFolder(root, validation_split=0.2, subset="train")


def test_the_progress_bar_is_for_terminals(
    make_folder: MakeFolder, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_folder(a=2, b=2)
    ImageFolder(root, cache=False)
    assert capfd.readouterr().err == ""
    ImageFolder(root, cache=False, progress=True)
    assert "reading pictures" in capfd.readouterr().err

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    ImageFolder(root, cache=False)
    assert "reading pictures" in capfd.readouterr().err


def test_pillows_own_warnings_stay_out_of_the_way(make_folder: MakeFolder) -> None:
    """Tests run with warnings as errors; Pillow warns of these transparent bytes in a palette."""
    root = make_folder(a=2, b=2)
    image = Image.new("P", (8, 8))
    image.putpalette([9, 9, 9])
    image.save(root / "a" / "palette.png", transparency=b"\x80")
    assert ImageFolder(root).report.skipped == []


def test_importing_the_room_loads_no_pillow() -> None:
    code = (
        "import sys, minicnn.data\n"
        "minicnn.data.Pictures, minicnn.data.augment, minicnn.data.PictureReport\n"
        "assert not {'PIL', 'rich', 'matplotlib', 'cupy'} & set(sys.modules)\n"
        "minicnn.data.ImageFolder\n"
        "assert 'PIL' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_public_names() -> None:
    for name in minicnn.data.__all__:
        assert getattr(minicnn.data, name) is not None
    assert set(minicnn.data.__all__) <= set(dir(minicnn.data))
    with pytest.raises(AttributeError, match="no attribute 'ImagFolder'"):
        _ = minicnn.data.ImagFolder


def test_one_picture_is_not_called_pictures(
    make_folder: MakeFolder, caplog: pytest.LogCaptureFixture
) -> None:
    root = make_folder(a=2, b=2)
    (root / "a" / "broken.png").write_bytes(b"hello")
    (root / "a" / "notes.txt").write_text("hello")
    text = str(ImageFolder(root, image_size=8).report)
    assert "\n1 picture skipped:" in text
    assert "\n1 other file passed over: a/notes.txt" in text
    assert "1 picture skipped; print" in caplog.text


def test_a_class_that_is_too_small_to_split_is_named(make_folder: MakeFolder) -> None:
    folder = ImageFolder(make_folder(birds=3, cats=1), image_size=8)
    with pytest.raises(DataError, match="got 1 of class 'cats'; add pictures"):
        folder.split()
