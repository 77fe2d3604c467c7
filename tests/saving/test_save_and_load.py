"""A model that was saved and loaded is the same model."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import minicnn as mc
from minicnn.saving.sealed import KEY
from minicnn.testing import strategies as st
from minicnn.typing import Array


def saved_and_loaded(model: mc.Sequential, folder: Any, **options: Any) -> mc.Sequential:
    path = folder / "model.safetensors"
    model.save(path)
    return mc.load_model(path, **options)


def assert_same(one: mc.Sequential, other: mc.Sequential) -> None:
    """Equal in every bit, and in what they are made of."""
    assert repr(one) == repr(other)
    assert one.seed == other.seed
    assert one.input_shape == other.input_shape
    assert list(one.params) == list(other.params)
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        assert a.dtype == b.dtype
        assert a.tobytes() == b.tobytes()


@given(st.networks())
def test_any_network_answers_as_before(tmp_path_factory: Any, network: Any) -> None:
    make, shape = network
    model = mc.Sequential([make(), mc.Flatten(), mc.Dense(2)], input_shape=shape, seed=3)
    rng = np.random.default_rng(1)
    model.set_weights([rng.random(w.shape) for w in model.get_weights()])
    loaded = saved_and_loaded(model, tmp_path_factory.mktemp("saved"))
    assert_same(model, loaded)
    x = rng.random((3, *shape)).astype(np.float32)
    assert model.predict(x).tobytes() == loaded.predict(x).tobytes()


def everything() -> mc.Sequential:
    """A network with every class and every kind of argument."""
    return mc.Sequential(
        [
            mc.Conv2D(4, (3, 2), strides=(1, 2), padding=((1, 0), (0, 1)), dilation=2, groups=2),
            mc.BatchNorm(momentum=0.9),
            mc.LeakyReLU(0.125),
            mc.Residual(mc.Chain(mc.Conv2D(4, 3, padding="same"), mc.Tanh()), mc.Conv2D(4, 1)),
            mc.Concat(mc.Chain(), mc.Conv2D(1, 1, kernel_initializer="he_normal"), name="fork"),
            mc.UpSample2D((1, 2)),
            mc.AvgPool2D(2, strides=1, padding="same"),
            mc.MaxPool2D(2),
            mc.Sequential([mc.Conv2D(2, 1), mc.Sigmoid()], name="inner", seed=8),
            mc.GlobalAvgPool2D(),
            mc.Flatten(),
            mc.Dropout(0.25),
            mc.Dense(3, use_bias=False, name="last"),
            mc.Softmax(),
        ],
        input_shape=(12, 16, 2),
        seed=4,
        name="everything",
    )


def test_every_class_and_argument(tmp_path: Any) -> None:
    model = everything()
    loaded = saved_and_loaded(model, tmp_path)
    assert_same(model, loaded)
    assert loaded.name == "everything"
    for one, other in zip(model.walk(), loaded.walk(), strict=True):
        assert type(one) is type(other)
        assert one.path == other.path
        assert one.output_shape == other.output_shape
        assert one.config().keys() == other.config().keys()


def test_float64_stays_float64(tmp_path: Any) -> None:
    model = mc.Sequential([mc.Dense(2), mc.BatchNorm()], input_shape=(3,)).astype("float64")
    assert_same(model, saved_and_loaded(model, tmp_path))


def test_frozen_layers_stay_frozen(tmp_path: Any) -> None:
    model = mc.Sequential([mc.Chain(mc.Dense(2)), mc.Dense(2)], input_shape=(3,))
    model[0].children[0].trainable = False
    loaded = saved_and_loaded(model, tmp_path)
    assert [layer.trainable for layer in loaded.walk()] == [True, True, False, True]


def test_a_loaded_model_trains_on_exactly_as_the_saved_one(tmp_path: Any) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random((20, 6)), rng.integers(0, 2, 20)
    model = mc.Sequential(
        [mc.Dense(8, activation="relu"), mc.Dropout(0.5), mc.Dense(1, activation="sigmoid")],
        input_shape=(6,),
    )
    results = []
    for each in (saved_and_loaded(model, tmp_path), model):
        each.compile("adam", "binary_crossentropy")
        each.fit(x, y, epochs=2, verbose=0)
        results.append(b"".join(w.tobytes() for w in each.get_weights()))
    assert results[0] == results[1]


def test_class_names_and_preprocessing_travel(tmp_path: Any) -> None:
    model = mc.Sequential([mc.Flatten(), mc.Dense(2)], input_shape=(5, 4, 3))
    model.class_names = ["Katze", "犬"]
    loaded = saved_and_loaded(model, tmp_path)
    assert loaded.class_names == ["Katze", "犬"]
    expected = {"image_size": [5, 4], "channels": 3, "pixel_scale": 1 / 255}
    assert loaded.preprocessing == expected
    loaded.preprocessing = {"mean": np.array([0.5, 0.25]), "resize": "fit"}
    again = saved_and_loaded(loaded, tmp_path)
    assert again.preprocessing is not None
    assert again.preprocessing["resize"] == "fit"
    np.testing.assert_array_equal(again.preprocessing["mean"], [0.5, 0.25])


def test_fit_learns_the_class_names_from_the_data(tmp_path: Any) -> None:
    class Named(mc.data.arrays.ArrayDataset):
        classes = ("cat", "dog")

    model = mc.Sequential([mc.Dense(1)], input_shape=(2,))
    model.compile("sgd", "mean_squared_error")
    model.fit(Named(np.zeros((4, 2)), np.zeros(4)), verbose=0)
    assert saved_and_loaded(model, tmp_path).class_names == ["cat", "dog"]


def test_equal_models_make_equal_files(tmp_path: Any) -> None:
    everything().save(tmp_path / "one")
    everything().save(tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_any_program_can_read_the_weights(tmp_path: Any) -> None:
    package = pytest.importorskip("safetensors", reason="there is no safetensors here")
    load_file = pytest.importorskip("safetensors.numpy").load_file

    model = mc.Sequential([mc.Dense(2, name="only")], input_shape=(3,))
    model.save(tmp_path / "m.safetensors")
    arrays = load_file(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(arrays["only/W"], model[0].params["W"])
    with package.safe_open(tmp_path / "m.safetensors", framework="numpy") as file:
        document = json.loads(file.metadata()[KEY])
    assert document["minicnn"] == mc.__version__
    assert document["format"] == 1


def test_a_layer_with_arrays_of_one_name_cannot_be_saved(tmp_path: Any) -> None:
    class Twice(mc.Dense):
        def build(self, input_shape: Any, rng: Any) -> Any:
            shape = super().build(input_shape, rng)
            self.state = {"W": self.params["W"]}
            return shape

    model = mc.Sequential([Twice(1)], input_shape=(2,))
    with pytest.raises(mc.SavingError, match="twice_1/W"):
        model.save(tmp_path / "m")


# ---- layers of the user's --------------------------------------------------------------------


class Scale(mc.Layer):
    """A layer of a user's, with settings of several kinds."""

    def __init__(self, factor: float, powers: Any = (1,), name: str | None = None) -> None:
        super().__init__(name)
        self.factor, self.powers = factor, powers

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Any]:
        return x * x.dtype.type(self.factor), None

    def backward(self, dy: Array, cache: Any) -> tuple[Array, Any]:
        return dy * dy.dtype.type(self.factor), {}


def test_a_custom_layer_must_be_named_by_the_caller(tmp_path: Any) -> None:
    model = mc.Sequential([Scale(np.float32(2), (1, 2))], input_shape=(3,))
    loaded = saved_and_loaded(model, tmp_path, custom_layers=[Scale])
    assert type(loaded[0]) is Scale
    assert (loaded[0].factor, loaded[0].powers) == (2, (1, 2))
    with pytest.raises(mc.SavingError, match=r"got 'Scale'; load_model\(path, custom_layers="):
        mc.load_model(tmp_path / "model.safetensors")


def test_a_custom_layer_is_not_taken_for_ours_of_the_same_name(tmp_path: Any) -> None:
    mine = type("Dense", (Scale,), {"__module__": __name__})
    model = mc.Sequential([mine(3.0), mc.Dense(1)], input_shape=(3,))
    loaded = saved_and_loaded(model, tmp_path, custom_layers=[mine])
    assert [type(layer) for layer in loaded.children] == [mine, mc.Dense]
    with pytest.raises(mc.SavingError, match="custom_layers"):
        mc.load_model(tmp_path / "model.safetensors")


def test_custom_layers_must_be_layers(tmp_path: Any) -> None:
    with pytest.raises(mc.ConfigError, match="subclasses"):
        mc.load_model(tmp_path / "m", custom_layers=[print])  # type: ignore[list-item]


def test_an_argument_that_is_no_plain_value_is_an_error_at_saving(tmp_path: Any) -> None:
    model = mc.Sequential([Scale(2.0, powers=lambda x: x)], input_shape=(3,))
    with pytest.raises(mc.SavingError, match=r"scale_1 .*powers=<function"):
        model.save(tmp_path / "m")
    assert not list(tmp_path.iterdir())


def halves(shape: Any, rng: Any) -> Array:
    return np.full(shape, 0.5)


def test_an_initializer_that_is_a_function(tmp_path: Any) -> None:
    model = mc.Sequential([mc.Dense(2, kernel_initializer=halves)], input_shape=(3,))
    loaded = saved_and_loaded(model, tmp_path)
    np.testing.assert_array_equal(loaded[0].params["W"], np.full((3, 2), 0.5))
    again = saved_and_loaded(loaded, tmp_path)  # the name is handed on
    with pytest.raises(mc.ConfigError, match=r"a function \(halves\)"):
        again.build((3,))
    again[0].kernel_initializer = halves
    again.build((3,))


def test_a_known_initializer_given_as_a_function_is_saved_by_its_name(tmp_path: Any) -> None:
    from minicnn.initializers import he_normal

    model = mc.Sequential([mc.Dense(2, kernel_initializer=he_normal)], input_shape=(3,))
    assert saved_and_loaded(model, tmp_path)[0].kernel_initializer == "he_normal"


# ---- before anything is written --------------------------------------------------------------


def test_a_model_that_is_not_built_has_nothing_to_save(tmp_path: Any) -> None:
    with pytest.raises(mc.NotBuiltError):
        mc.Sequential([mc.Dense(1)]).save(tmp_path / "m")


def test_saving_and_loading_need_no_package(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)  # an import of it fails
    model = everything()
    model.save(tmp_path / "m")
    for a, b in zip(mc.load_model(tmp_path / "m").get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
