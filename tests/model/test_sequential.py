import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc

RNG = np.random.default_rng(0)
X = RNG.standard_normal((23, 8, 8, 1)).astype(np.float32)
Y = (X.mean(axis=(1, 2, 3)) > 0).astype(int)


def layers():
    return [
        mc.Conv2D(3, 3, activation="relu"),
        mc.MaxPool2D(2),
        mc.BatchNorm(),
        mc.Flatten(),
        mc.Dense(6, activation="relu"),
        mc.Dropout(0.3),
        mc.Dense(1, activation="sigmoid"),
    ]


def compiled(seed=0, input_shape=(8, 8, 1)):
    model = mc.Sequential(layers(), input_shape=input_shape, seed=seed)
    model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    return model


def trained(seed=0, x=X, **options):
    model = compiled(seed)
    model.fit(x, Y, **{"batch_size": 5, "epochs": 2, "verbose": 0} | options)
    return model


def assert_same(one, two):
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def differ(one, two):
    return any((a != b).any() for a, b in zip(one.get_weights(), two.get_weights(), strict=True))


# ---- building ----------------------------------------------------------------------------------


def test_built_late_is_built_alike():
    early, late = compiled(), compiled(input_shape=None)
    assert late.input_shape is None
    late.fit(X, Y, batch_size=5, verbose=0)
    early.fit(X, Y, batch_size=5, verbose=0)
    assert late.input_shape == (8, 8, 1)
    assert_same(early, late)


@pytest.mark.parametrize("use", ["evaluate", "predict", "train_on_batch"])
def test_whoever_sees_data_first_builds(use):
    model = compiled(input_shape=None)
    getattr(model, use)(*[X] if use == "predict" else [X, Y])
    assert model.output_shape == (1,)


def test_layers_added_one_by_one_make_the_same_network():
    model = mc.Sequential(input_shape=(8, 8, 1))
    for layer in layers():
        model.add(layer)
    assert_same(model, mc.Sequential(layers(), input_shape=(8, 8, 1)))
    assert model.output_shape == (1,)
    assert model.layers[4].position == "layer 5 of 7"
    assert model.layers[-1].name == "dense_2"


def test_a_compiled_model_can_grow_and_is_trained_anew():
    model = mc.Sequential([mc.Dense(4)], input_shape=(3,))
    model.compile("sgd", "mse")
    model.fit(X[:, 0, :3, 0], np.ones((23, 4)), verbose=0)
    model.add(mc.Dense(1))
    model.compile("sgd", "mse")
    model.fit(X[:, 0, :3, 0], Y, verbose=0)
    assert model.predict(X[:, 0, :3, 0]).shape == (23, 1)


def test_a_model_that_could_not_be_built_takes_another_shape():
    model = mc.Sequential([mc.Dense(4), mc.Flatten(), mc.Conv2D(2, 3)])
    with pytest.raises(mc.ShapeError):
        model.build((5, 3))
    model.layers.pop()
    assert model.build((7,)) == (4,)
    assert model[0].params["W"].shape == (7, 4)


def test_adding_a_layer_keeps_what_the_others_have_learnt():
    model = mc.Sequential([mc.Dense(4), mc.BatchNorm()], input_shape=(3,))
    model.compile("sgd", "mse")
    model.fit(X[:, 0, :3, 0], np.ones((23, 4)), verbose=0)
    before = model.get_weights()
    model.add(mc.Dense(1))
    for old, kept in zip(before, model.get_weights(), strict=False):
        np.testing.assert_array_equal(old, kept)


def test_a_layer_added_to_a_loaded_model_has_weights(tmp_path):
    mc.Sequential([mc.Dense(4)], input_shape=(3,)).save(tmp_path / "m.safetensors")
    model = mc.load_model(tmp_path / "m.safetensors")
    model.add(mc.Dense(5))
    limit = np.sqrt(6 / 9)
    W = model.layers[1].params["W"]
    assert 0.1 * limit < np.abs(W).max() <= limit
    assert len(np.unique(W)) == W.size


@pytest.mark.parametrize("unfit", ["dense", mc.Conv2D(1, 1)])
def test_a_layer_that_cannot_be_added_leaves_the_model_usable(unfit):
    model = compiled()
    before = model.predict(X)
    with pytest.raises(mc.MinicnnError):
        model.add(unfit)
    assert len(model) == len(layers())
    np.testing.assert_array_equal(model.predict(X), before)


def test_names_count_up_and_leave_given_ones_alone():
    model = mc.Sequential([mc.Dense(1), mc.Dense(1, name="dense_2"), mc.Dense(1)], input_shape=(1,))
    assert [layer.name for layer in model.layers] == ["dense_1", "dense_2", "dense_3"]
    assert model["dense_3"] is model[2]
    assert len(model) == 3


def test_models_inside_models():
    inside = mc.Sequential([mc.Dense(4, activation="relu"), mc.Dense(2)], name="inside")
    flat = [mc.Dense(4, activation="relu"), mc.Dense(2), mc.Dense(1, activation="sigmoid")]
    model = mc.Sequential([inside, mc.Dense(1, activation="sigmoid")], input_shape=(3,), seed=4)
    same = mc.Sequential(flat, input_shape=(3,), seed=4)
    assert next(iter(model.params)) == "inside/dense_1/W"
    x, y = RNG.standard_normal((10, 3)), RNG.integers(0, 2, 10)
    for net in (model, same):
        net.compile("adam", "binary_crossentropy")
        net.fit(x, y, epochs=2, batch_size=4, verbose=0)
    assert_same(model, same)


# ---- fit on arrays -----------------------------------------------------------------------------


def test_equal_seeds_give_equal_bits_and_other_seeds_other_networks():
    assert_same(trained(seed=7), trained(seed=7))
    assert differ(trained(seed=7), trained(seed=8))


def test_shuffling_is_on_unless_it_is_off():
    assert differ(trained(shuffle=True), trained(shuffle=False))
    backwards = compiled()
    backwards.fit(X, Y, batch_size=len(X), epochs=2, shuffle=False, verbose=0)
    assert_same(backwards, trained(batch_size=len(X), shuffle=False))


def test_history_has_a_figure_an_epoch():
    model = compiled()
    history = model.fit(X, Y, epochs=3, verbose=0).history
    assert list(history) == ["loss", "accuracy"]
    assert all(len(figures) == 3 for figures in history.values())
    history = model.fit(X, Y, epochs=2, validation_data=(X, Y), verbose=0).history
    assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy"]


def test_validation_figures_are_those_of_evaluate_and_teach_nothing():
    xv, yv = RNG.standard_normal((9, 8, 8, 1)).astype(np.float32), RNG.integers(0, 2, 9)
    with_it, without = compiled(), trained()
    history = with_it.fit(X, Y, batch_size=5, epochs=2, validation_data=(xv, yv), verbose=0).history
    assert_same(with_it, without)
    figures = with_it.evaluate(xv, yv, batch_size=5)
    assert figures == {"loss": history["val_loss"][-1], "accuracy": history["val_accuracy"][-1]}


def test_validation_data_with_weights():
    weights = np.linspace(0, 2, len(X))
    model = compiled()
    history = model.fit(X, Y, validation_data=(X, Y, weights), verbose=0).history
    p = model.predict(X)[:, 0].astype(float)
    losses = -np.log(np.where(Y, p, 1 - p))
    assert history["val_loss"][0] == pytest.approx(np.mean(weights * losses), rel=1e-5)


@pytest.mark.parametrize(("split", "kept"), [(0.25, 17), (0.5, 11), (0.1, 20), (0.9, 2)])
def test_validation_split_holds_back_the_last_samples_as_keras_does(split, kept):
    """Keras keeps floor(23 · (1 - split)) samples for training."""
    one, two = compiled(), compiled()
    options = {"batch_size": 5, "epochs": 2, "verbose": 0}
    weight = np.linspace(0.5, 1.5, len(X))
    by_split = one.fit(X, Y, validation_split=split, sample_weight=weight, **options)
    by_hand = two.fit(
        X[:kept],
        Y[:kept],
        sample_weight=weight[:kept],
        validation_data=(X[kept:], Y[kept:], weight[kept:]),
        **options,
    )
    assert by_split.history == by_hand.history
    assert_same(one, two)


def test_lists_are_arrays_too():
    from_lists = compiled()
    from_lists.fit(X.tolist(), Y.tolist(), batch_size=5, epochs=2, verbose=0)
    assert_same(from_lists, trained())


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int64, np.float32])
def test_labels_may_be_of_any_kind_of_number(kind):
    model = compiled()
    model.fit(X, Y.astype(kind), batch_size=5, epochs=2, verbose=0)
    assert_same(model, trained())


def test_pictures_of_bytes_are_scaled_to_0_to_1():
    pictures = RNG.integers(0, 256, X.shape, dtype=np.uint8)
    scaled = pictures * np.float32(1 / 255)
    assert_same(trained(x=pictures), trained(x=scaled))
    model = compiled()
    np.testing.assert_array_equal(model.predict(pictures), model.predict(scaled))
    assert model.evaluate(pictures, Y) == model.evaluate(scaled, Y)


def test_nothing_is_written_into_the_user_s_arrays():
    x, y = X.copy(), Y.copy()
    trained(x=x, validation_split=0.25).predict(x)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y, Y)


def test_training_learns():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((200, 2)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] > 0).astype(int)  # no straight line separates these
    model = mc.Sequential(
        [mc.Dense(16, activation="relu"), mc.Dense(1, activation="sigmoid")], seed=1
    )
    model.compile(mc.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=30, verbose=0).history
    assert history["accuracy"][-1] > 0.95
    assert history["loss"][-1] < history["loss"][0] / 3


# ---- evaluate, predict, train_on_batch ---------------------------------------------------------


@given(batch_size=st.integers(1, 30))
def test_predictions_do_not_depend_on_the_batches(batch_size):
    model = compiled().astype(np.float64)
    expected = model.infer(X.astype(np.float64))
    got = model.predict(X, batch_size=batch_size)
    assert type(got) is np.ndarray
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_predicting_a_data_set():
    data = mc.data.arrays.ArrayDataset(X, Y, batch_size=4, shuffle=False)
    model = compiled()
    np.testing.assert_array_equal(model.predict(data), model.predict(X, batch_size=4))
    assert model.evaluate(data) == model.evaluate(X, Y, batch_size=4)


def test_dropout_is_silent_when_nobody_trains():
    model = compiled()
    np.testing.assert_array_equal(model.predict(X), model.predict(X))


def test_train_on_batch_gives_the_figures_and_takes_weights():
    one, two = compiled(), compiled()
    figures = one.train_on_batch(X, Y, sample_weight=np.zeros(len(X)))
    assert list(figures) == ["loss", "accuracy"]
    assert figures["loss"] == 0
    assert two.train_on_batch(X, Y)["loss"] > 0
    assert differ(one, two)


def test_each_step_of_train_on_batch_draws_another_dropout():
    model = mc.Sequential([mc.Dropout(0.5), mc.Dense(1)], input_shape=(20,))
    model.compile(mc.SGD(1e-9), "mse")
    x, y = np.ones((4, 20)), np.zeros(4)
    losses = {model.train_on_batch(x, y)["loss"] for _ in range(4)}
    assert len(losses) == 4


def test_metrics_of_one_s_own():
    class LargestGap(mc.Metric):
        name = "largest_gap"

        def reset(self):
            self.gap = 0.0

        def update(self, y_true, y_pred):
            self.gap = max(self.gap, float(np.abs(y_true - y_pred[:, 0]).max()))

        def result(self):
            return self.gap

    model = compiled()
    model.compile("sgd", "binary_crossentropy", metrics=[LargestGap()])
    expected = np.abs(Y - model.predict(X)[:, 0]).max()
    assert model.evaluate(X, Y, batch_size=6)["largest_gap"] == pytest.approx(expected)


def test_compiling_again_begins_anew():
    model = trained()
    assert model.optimizer.step_count == 10
    model.compile(mc.Adam(1e-4), "binary_crossentropy")
    assert isinstance(model.optimizer, mc.Adam)
    assert model.optimizer.step_count == 0
    assert list(model.evaluate(X, Y)) == ["loss"]


def test_metrics_may_be_none_as_in_keras():
    model = compiled()
    model.compile("sgd", "binary_crossentropy", metrics=None)
    assert list(model.evaluate(X, Y)) == ["loss"]


def small():
    model = mc.Sequential([mc.Dense(1)], input_shape=(2,))
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda m: m.set_weights([np.full((2, 1), np.nan), [0]]),
            "finite numbers for W of dense_1",
        ),
        (
            lambda m: m.fit(np.ones(3), np.ones(1), verbose=0),
            r"is x one sample\? Give it as x\[None",
        ),
        (
            lambda m: m.fit(np.ones(2), np.ones(5), verbose=0),
            r"one sample of shape \(2,\).*x\[None",
        ),
        (lambda m: m.set_weights([[[1], [1, 2]], [0]]), "set_weights: .*different lengths"),
        (lambda m: m.train_on_batch(np.ones((4, 2)), np.ones(3)), "got 3 labels for 4 samples"),
        (lambda m: m.predict(np.ones((4, 2), int)), "uint8.*got int..; pixels from 0 to 255"),
        (
            lambda m: m.fit(
                np.ones((4, 2)), np.ones(4), validation_data=[np.ones((4, 2))], verbose=0
            ),
            "a pair .*got list of 1; labels missing",
        ),
    ],
)
def test_what_a_model_cannot_take(make, says):
    with pytest.raises(mc.MinicnnError, match=says):
        make(small())
