"""Damaged, foreign and hostile files: one clear error, and nothing is executed."""

from __future__ import annotations

import io
import json
import tracemalloc
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.saving import sealed, tensor_file
from minicnn.saving.tensor_file import to_bytes


def small() -> mc.Sequential:
    model = mc.Sequential(
        [mc.Conv2D(2, 2, activation="relu"), mc.BatchNorm(), mc.Flatten(), mc.Dense(1)],
        input_shape=(3, 3, 1),
    )
    model.class_names = ["cat", "dog"]
    return model


@lru_cache
def small_file() -> bytes:
    with TemporaryDirectory() as folder:
        small().save(Path(folder) / "m")
        return (Path(folder) / "m").read_bytes()


def check_message(message: str, path: Path) -> None:
    assert message.startswith(f"{path}: expected")


def loads_equal_or_refuses(content: bytes, folder: Path) -> None:
    path = folder / "m"
    path.write_bytes(content)
    try:
        model = mc.load_model(path)
    except mc.SavingError as error:
        check_message(str(error), path)
        return
    original = small()
    assert repr(model) == repr(original)
    assert model.class_names == original.class_names
    for a, b in zip(model.get_weights(), original.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@given(st.data())
def test_any_changed_bytes_are_refused_or_make_no_difference(
    tmp_path_factory: Any, data: st.DataObject
) -> None:
    content = bytearray(small_file())
    places = st.integers(0, len(content) - 1) | st.integers(0, 1200)
    for place, byte in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=4)):
        content[place] = byte
    loads_equal_or_refuses(bytes(content), tmp_path_factory.mktemp("changed"))


def test_a_bit_that_flips_anywhere_is_noticed(tmp_path: Path) -> None:
    """Every byte of the file in turn: header, description, padding, arrays."""
    content = bytearray(small_file())
    for place in range(len(content)):
        content[place] ^= 1 << place % 8
        loads_equal_or_refuses(bytes(content), tmp_path)
        content[place] ^= 1 << place % 8


@pytest.mark.parametrize("change", ["name", "shape", "dtype", "number"])
def test_the_seal_covers_all_of_an_array(tmp_path: Path, change: str) -> None:
    path = tmp_path / "m"
    changed = {
        "name": {"y": np.ones((2, 3), np.float32)},
        "shape": {"x": np.ones((3, 2), np.float32)},
        "dtype": {"x": np.ones((2, 3), np.float32).view(np.int32)},
        "number": {"x": np.eye(2, 3, dtype=np.float32)},
    }[change]
    sealed.write(path, {}, {"x": np.ones((2, 3), np.float32)})
    assert list(sealed.read(path)[1]) == ["x"]
    with path.open("rb") as file:
        description, _ = tensor_file.read(file)
    path.write_bytes(to_bytes(changed, description))
    with pytest.raises(mc.SavingError, match="damaged, or changed after it was saved"):
        sealed.read(path)


@given(st.data())
def test_any_piece_cut_out_or_put_in_is_refused(tmp_path_factory: Any, data: st.DataObject) -> None:
    content = small_file()
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(content))] * 2)))
    piece = data.draw(st.binary(max_size=20))
    loads_equal_or_refuses(content[:start] + piece + content[end:], tmp_path_factory.mktemp("cut"))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(tmp_path_factory: Any, content: bytes) -> None:
    path = tmp_path_factory.mktemp("bytes") / "m"
    path.write_bytes(content)
    with pytest.raises(mc.SavingError, match="expected a file saved by minicnn"):
        mc.load_model(path)


def test_a_foreign_file_a_folder_and_no_file(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.safetensors"
    foreign.write_bytes(to_bytes({"W": np.zeros(2)}))
    with pytest.raises(mc.SavingError, match="arrays that another program wrote"):
        mc.load_model(foreign)
    with pytest.raises(mc.SavingError, match="got a folder"):
        mc.load_model(tmp_path)
    with pytest.raises(mc.SavingError, match="no such file"):
        mc.load_model(tmp_path / "nothing")


@pytest.mark.parametrize("failure", [OSError(5, "Input/output error"), MemoryError("no room")])
def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: Any, failure: Exception) -> None:
    def fails(file: Any) -> Any:
        raise failure

    monkeypatch.setattr(tensor_file, "read", fails)
    small().save(tmp_path / "m")
    with pytest.raises(
        mc.SavingError, match=r"got one that cannot be read .*(Input/output|no room)"
    ):
        mc.load_model(tmp_path / "m")


# ---- files whose seal is right, but not their content ----------------------------------------


def forged(tmp_path: Path, change: Any) -> Path:
    """A file with a valid seal, changed by someone who knows how it is made."""
    path = tmp_path / "forged"
    path.write_bytes(small_file())
    document, arrays = sealed.read(path)
    change(document, arrays)
    sealed.write(path, document, arrays)
    return path


def layer(document: dict[str, Any], place: int) -> dict[str, Any]:
    return document["architecture"]["config"]["layers"][place]


class Bomb(mc.Layer):
    """Would be found if a file could name any class."""


FORGERIES: dict[str, Any] = {
    "unknown class": lambda d, a: layer(d, 0).update(layer="os.system"),
    "class of the caller's module": lambda d, a: layer(d, 0).update(layer=f"{__name__}.Bomb"),
    "abstract class": lambda d, a: layer(d, 2).update(layer="Layer"),
    "class that is a list": lambda d, a: layer(d, 0).update(layer=[]),
    "unknown argument": lambda d, a: layer(d, 0)["config"].update(evil=1),
    "argument of another type": lambda d, a: layer(d, 0)["config"].update(filters="two"),
    "argument missing": lambda d, a: layer(d, 0)["config"].pop("filters"),
    "no layers": lambda d, a: d["architecture"]["config"].pop("layers"),
    "layers that are a number": lambda d, a: d["architecture"]["config"].update(layers=3),
    "architecture that is a text": lambda d, a: d.update(architecture="Sequential"),
    "architecture of one layer": lambda d, a: d.update(architecture=layer(d, 2), weights=[]),
    "an enormous layer": lambda d, a: layer(d, 3)["config"].update(units=10**14),
    "a large layer": lambda d, a: layer(d, 3)["config"].update(units=10**8),
    "fewer filters": lambda d, a: layer(d, 0)["config"].update(filters=1),
    "input shape with a zero": lambda d, a: d.update(input_shape=[3, 0, 1]),
    "input shape with a text": lambda d, a: d.update(input_shape=["3", 3, 1]),
    "a network that builds itself": lambda d, a: layer(d, 3).update(
        layer="Sequential",
        config={"layers": [{"layer": "Dense", "config": {"units": 10**8}}], "input_shape": [99]},
    ),
    "input shape missing": lambda d, a: d.pop("input_shape"),
    "another input shape": lambda d, a: d.update(input_shape=[9, 9, 1]),
    "missing array": lambda d, a: a.pop("dense_1/W"),
    "unlisted array": lambda d, a: d["weights"].remove("dense_1/W"),
    "array too many": lambda d, a: (a.update(x=np.zeros(2)), d["weights"].append("x")),
    "array of another shape": lambda d, a: a.update({"dense_1/b": np.zeros(2, np.float32)}),
    "array of whole numbers": lambda d, a: a.update({"dense_1/b": np.zeros(1, np.int64)}),
    "class names that are numbers": lambda d, a: d.update(class_names=[1, 2]),
    "reference to no array": lambda d, a: d.update(preprocessing={"$array": "nothing"}),
    "reference that is a list": lambda d, a: d.update(preprocessing={"$array": []}),
    "a newer format": lambda d, a: d.update(format=2),
}


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_file_is_one_clear_error(tmp_path: Path, change: Any) -> None:
    path = forged(tmp_path, change)
    with pytest.raises(mc.SavingError, match="forged: expected"):
        mc.load_model(path)


def test_a_huge_layer_costs_no_memory(tmp_path: Path) -> None:
    path = forged(tmp_path, FORGERIES["a large layer"])
    tracemalloc.start()
    try:
        # Where indices have 32 bits, such an array can't even be asked for.
        with pytest.raises(mc.SavingError, match=r"expected shape|array is too big"):
            mc.load_model(path)
        allocated = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    if np.intp(0).nbytes < 8:
        assert allocated < 2**24
        return
    # NumPy reports address space, which an array of 3.6 GB that nobody fills does not touch
    assert allocated > 2**30
    resident = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * 4096
    assert resident < 2**30


def test_deep_nesting_is_an_error(tmp_path: Path) -> None:
    _, arrays = tensor_file.read(io.BytesIO(small_file()))
    deep = '{"digest": "", "format": 1, "architecture": ' + "[" * 10**5 + "]" * 10**5 + "}"
    path = tmp_path / "m"
    path.write_bytes(to_bytes(arrays, {sealed.KEY: deep}))
    with pytest.raises(mc.SavingError, match="makes no sense"):
        mc.load_model(path)


def test_a_description_that_is_no_object(tmp_path: Path) -> None:
    path = tmp_path / "m"
    for text in ("[]", "3", "null", '"text"', "{", json.dumps({"digest": "x"})):
        path.write_bytes(to_bytes({}, {sealed.KEY: text}))
        with pytest.raises(mc.SavingError, match="makes no sense"):
            mc.load_model(path)
