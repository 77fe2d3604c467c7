"""Names and numbers that make no sense are refused where they are given, saved and loaded."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.data.arrays import ArrayDataset
from minicnn.saving import ModelFile

NO_NAMES = {
    "a text": "cats",
    "a number": 2,
    "numbers": [0, 1],
    "no names": [],
    "an empty name": ["cat", ""],
    "a set": {"cat", "dog"},
    "a dictionary": {"cat": 0, "dog": 1},
    "two of one name": ["cat", "cat"],
    "lists": [["cat"], ["dog"]],
}
NO_WISHES: dict[str, Any] = {
    "a text": "scale",
    "a list": [1 / 255],
    "keys that are numbers": {1: 2},
    "a function": {"resize": len},
    "a size of one": {"image_size": [8]},
    "a size of words": {"image_size": "8x8"},
    "a size of nothing": {"image_size": [0, 8]},
    "a size in between": {"five_crops_of": [8.5, 8]},
    "no channels": {"channels": 0},
    "channels by name": {"channels": "RGB"},
    "a scale by name": {"pixel_scale": "1/255"},
    "a scale of nothing": {"pixel_scale": 0},
    "no scale": {"pixel_scale": None},
    "a scale without end": {"pixel_scale": math.inf},
    "a scale that is none": {"pixel_scale": math.nan},
    "a scale below nothing": {"pixel_scale": -1.0},
    "perhaps mirrored": {"average_mirrored": "no"},
}


def network(outputs: int = 1) -> mc.Sequential:
    last = mc.Dense(outputs, activation="sigmoid")
    return mc.Sequential([mc.GlobalAvgPool2D(), last], input_shape=(4, 4, 3))


@pytest.mark.parametrize("names", NO_NAMES.values(), ids=NO_NAMES)
def test_names_that_are_none(names: Any, tmp_path: Path) -> None:
    model = network()
    with pytest.raises(mc.ConfigError, match="class_names: expected a"):
        model.class_names = names
    assert model.class_names is None
    model.class_names = given_first = ["cat", "dog"]
    given_first[:] = names if isinstance(names, list) else ["cat", "cat"]  # behind its back
    with pytest.raises(mc.ConfigError, match="class_names: expected a"):
        model.save(tmp_path / "m.safetensors")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(("outputs", "names"), [(1, "abc"), (3, "ab"), (2, "abc")])
def test_as_many_names_as_outputs(outputs: int, names: str) -> None:
    model = network(outputs)
    with pytest.raises(mc.ConfigError, match=rf"expected .* output, got {len(names)}"):
        model.class_names = list(names)
    unbuilt = mc.Sequential([mc.GlobalAvgPool2D(), mc.Dense(outputs)])
    unbuilt.class_names = list(names)  # it is not known yet that they do not fit
    unbuilt.compile()
    with pytest.raises(mc.ConfigError, match="output, got"):
        unbuilt.fit(np.ones((2, 4, 4, 3)), np.ones((2, outputs)), verbose=0)
    unbuilt.class_names = None
    unbuilt.fit(np.ones((2, 4, 4, 3)), np.ones((2, outputs)), verbose=0)


@pytest.mark.parametrize("wishes", NO_WISHES.values(), ids=NO_WISHES)
def test_wishes_that_nobody_can_fulfil(wishes: Any, tmp_path: Path) -> None:
    model = network()
    with pytest.raises(mc.MinicnnError, match="preprocessing"):
        model.preprocessing = wishes
    assert model.preprocessing is None
    model.preprocessing = given_first = {}
    if isinstance(wishes, dict):
        given_first |= wishes
        with pytest.raises(mc.MinicnnError, match="preprocessing"):
            model.save(tmp_path / "m.safetensors")
    assert not any(tmp_path.iterdir())


def written(tmp_path: Path, names: Any = None, wishes: Any = None) -> Path:
    """A file as a version that did not look has left it."""
    path = tmp_path / "m.safetensors"
    ModelFile.of(network(), names, wishes).write(path)
    return path


@pytest.mark.parametrize("kind", ["numbers", "no names", "an empty name", "two of one name"])
def test_a_file_with_names_that_are_none(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path, NO_NAMES[kind])
    with pytest.raises(mc.SavingError, match=r"m\.safetensors: .* class_names: expected a"):
        mc.load_model(path)


@pytest.mark.parametrize("kind", [k for k in NO_WISHES if k[:4] not in ("keys", "a fu")])
def test_a_file_with_wishes_that_nobody_can_fulfil(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path, None, NO_WISHES[kind])
    with pytest.raises(mc.SavingError, match=r"m\.safetensors: .* preprocessing: expected "):
        mc.load_model(path)


def test_the_weights_of_a_file_are_worth_more_than_the_number_of_its_names(tmp_path: Path) -> None:
    model = mc.load_model(written(tmp_path, ["low", "middle", "high"]))
    assert model.class_names == ["low", "middle", "high"]
    model.class_names = ["low", "high"]
    model.save(tmp_path / "again.safetensors")


class Data(ArrayDataset):
    classes: Any


def data(classes: Any) -> Data:
    made = Data(np.ones((4, 4, 4, 3)), np.zeros(4), batch_size=2)
    made.classes = classes
    return made


@pytest.mark.parametrize(
    ("classes", "learnt"),
    [
        (("a", "b"), ("a", "b")),
        (np.array(["a", "b"]), ["a", "b"]),
        (("a", "b", "c"), ["cat", "dog"]),  # one output cannot tell three apart
        (10, ["cat", "dog"]),  # some data sets count them
        (None, ["cat", "dog"]),
        ([0, 1], ["cat", "dog"]),
    ],
)
def test_fit_takes_names_from_the_data_if_the_outputs_can_bear_them(
    classes: Any, learnt: Any, tmp_path: Path
) -> None:
    model = network()
    model.class_names = ["cat", "dog"]
    model.compile("sgd", "binary_crossentropy")
    model.fit(data(classes), verbose=0)
    assert model.class_names == learnt
    model.save(tmp_path / "m.safetensors")
    assert mc.load_model(tmp_path / "m.safetensors").class_names == list(learnt)


def test_fit_refuses_two_classes_of_one_name_before_it_trains() -> None:
    model = network()
    model.compile("sgd", "binary_crossentropy")
    before = model.get_weights()
    with pytest.raises(mc.ConfigError, match="got 'a' twice"):
        model.fit(data(("a", "a")), verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


NAMES = st.lists(st.text(min_size=1, max_size=8), min_size=3, max_size=6, unique=True)
OWN = st.dictionaries(
    st.text(max_size=5).map(lambda key: f"my {key}"),
    st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.floats(allow_nan=False)),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@given(NAMES, OWN, st.floats(1e-9, 1e9))
def test_whatever_makes_sense_comes_back(
    folder: Path, names: list[str], own: dict[str, Any], scale: float
) -> None:
    model = network(len(names))
    model.class_names = tuple(names)
    model.preprocessing = {**own, "pixel_scale": scale, "image_size": (4, 4)}
    model.save(folder / "m.safetensors")
    again = mc.load_model(folder / "m.safetensors")
    assert again.class_names == names
    assert again.preprocessing == {**own, "pixel_scale": scale, "image_size": [4, 4]}
