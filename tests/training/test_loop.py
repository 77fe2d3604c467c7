"""The training loop against steps written by hand, and what it promises to lookers-on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.data.arrays import ArrayDataset
from minicnn.data.dataset import Batch
from minicnn.training.class_weight import weighted

RNG = np.random.default_rng(0)
X = RNG.standard_normal((12, 6, 6, 2))
Y = RNG.integers(0, 2, 12)


def network(**options):
    layers = [
        mc.Conv2D(3, 3, activation="relu"),
        mc.BatchNorm(),
        mc.Dropout(0.25),
        mc.Flatten(),
        mc.Dense(1, activation="sigmoid"),
    ]
    model = mc.Sequential(layers, input_shape=(6, 6, 2), seed=3).astype(np.float64)
    model.compile(
        **{"optimizer": mc.RMSprop(0.01), "loss": "binary_crossentropy", "metrics": ["accuracy"]}
        | options
    )
    return model


# ---- a step ------------------------------------------------------------------------------------


def test_a_step_is_the_step_that_one_writes_by_hand():
    model, hand = network(), network()
    loss = model.train_on_batch(X, Y)["loss"]

    layers, x, caches = hand.layers, X, []
    moment = mc.Moment(seed=3, epoch=0, step=0)
    for layer in layers:
        x, cache = layer.forward(x, moment)
        caches.append(cache)
    p, y = x, Y[:, None]
    assert loss == pytest.approx(float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()))

    dy = -(y / p - (1 - y) / (1 - p)) / len(Y)
    for layer, cache in zip(reversed(layers), reversed(caches), strict=True):
        dy, grads = layer.backward(dy, cache)
        for key, g in grads.items():
            v = 0.1 * g**2  # RMSprop's first step: v began at zero, rho is 0.9
            layer.params[key] -= 0.01 * g / np.sqrt(v + 1e-7)
        layer.set_state(layer.next_state(cache))
    for by_loop, by_hand in zip(model.get_weights(), hand.get_weights(), strict=True):
        np.testing.assert_allclose(by_loop, by_hand, rtol=1e-7)


def test_the_loss_and_metrics_of_a_step_are_those_before_it():
    figures = network().train_on_batch(X, Y)
    outputs, _ = network().forward(X, mc.Moment(seed=3))
    value, _ = mc.BinaryCrossentropy().forward(outputs, Y)
    assert figures["loss"] == pytest.approx(float(value), rel=1e-9)
    assert figures["accuracy"] == np.mean((outputs[:, 0] > 0.5) == Y)


def test_frozen_layers_stay_and_the_others_learn():
    model = network()
    model.layers[0].trainable = False
    before = {path: p.copy() for path, p in model.params.items()}
    state = {path: s.copy() for path, s in model.state.items()}
    model.fit(X, Y, epochs=2, verbose=0)
    for path, p in model.params.items():
        assert np.array_equal(p, before[path]) == path.startswith("conv2d_1/")
    assert all((s != state[path]).any() for path, s in model.state.items())


def test_a_frozen_container_freezes_what_it_holds():
    body = mc.Chain(mc.Dense(4), mc.Dense(3))
    model = mc.Sequential([mc.Residual(body), mc.Dense(1)], input_shape=(3,))
    body.trainable = False
    model.compile("sgd", "mse")
    before = {path: p.copy() for path, p in model.params.items()}
    model.fit(np.ones((4, 3)), np.arange(4), verbose=0)
    for path, p in model.params.items():
        assert np.array_equal(p, before[path]) == path.startswith("residual_1/")


# ---- weights of samples ------------------------------------------------------------------------


def weights_after(**options):
    model = network()
    model.fit(X, Y, batch_size=5, epochs=2, verbose=0, **options)
    return model.get_weights()


def assert_same(one, two):
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)


def test_class_weights_are_sample_weights_by_class():
    by_class = weights_after(class_weight={0: 0.5, 1: 2.0})
    assert_same(by_class, weights_after(sample_weight=np.where(Y == 1, 2.0, 0.5)))
    assert any((a != b).any() for a, b in zip(by_class, weights_after(), strict=True))


def test_class_weights_and_sample_weights_multiply_and_a_missing_class_counts_once():
    own = RNG.uniform(0.5, 1.5, len(Y))
    both = weights_after(class_weight={1: 2.0}, sample_weight=own)
    assert_same(both, weights_after(sample_weight=np.where(Y == 1, 2.0, 1.0) * own))


def test_class_weights_of_one_hot_labels():
    x, y = RNG.standard_normal((6, 3)), np.array([0, 1, 2, 0, 1, 2])
    results = []
    for labels, loss in (
        (y, "sparse_categorical_crossentropy"),
        (np.eye(3)[y], "categorical_crossentropy"),
    ):
        model = mc.Sequential([mc.Dense(3, activation="softmax")], input_shape=(3,))
        model.compile("sgd", loss)
        model.fit(x, labels, class_weight={0: 3.0, 2: 0.5}, verbose=0)
        results.append(model.get_weights())
    assert_same(*results)


# ---- epochs ------------------------------------------------------------------------------------


def test_the_figures_of_an_epoch_are_the_mean_over_its_samples_so_far():
    stand_still = lambda grads, params: {path: 0 * g for path, g in grads.items()}  # noqa: E731
    model = mc.Sequential([mc.Flatten(), mc.Dense(1, activation="sigmoid")], input_shape=(6, 6, 2))
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"], gradients=[stand_still])
    seen = []

    class Look(mc.Callback):
        def on_batch_end(self, step, logs):
            seen.append(logs)

    data = ArrayDataset(X, Y, batch_size=5, shuffle=False)  # batches of 5, 5 and 2
    history = model.fit(data, callbacks=[Look()], verbose=0)
    for logs, count in zip(seen, (5, 10, 12), strict=True):
        assert logs == pytest.approx(model.evaluate(X[:count], Y[:count]), rel=1e-6)
    assert history.history == {name: [figure] for name, figure in seen[-1].items()}


def test_evaluation_changes_nothing():
    model = network()
    before = [*model.get_weights()]
    first, second = model.evaluate(X, Y, batch_size=5), model.evaluate(X, Y, batch_size=12)
    assert_same(before, model.get_weights())
    assert first["loss"] == pytest.approx(second["loss"], rel=1e-12)
    assert first["accuracy"] == second["accuracy"]
    p = model.predict(X)[:, 0]
    assert first["loss"] == pytest.approx(-np.log(np.where(Y, p, 1 - p)).mean())
    assert first["accuracy"] == np.mean((p > 0.5) == Y)


def test_going_on_is_the_same_as_never_having_stopped():
    straight, in_two = network(), network()
    straight.fit(X, Y, batch_size=5, epochs=4, verbose=0)
    in_two.fit(X, Y, batch_size=5, epochs=2, verbose=0)
    history = in_two.fit(X, Y, batch_size=5, epochs=4, initial_epoch=2, verbose=0)
    assert_same(straight.get_weights(), in_two.get_weights())
    assert history.epochs == [2, 3]


def test_any_object_with_len_and_epoch_is_a_data_set():
    class Doubled:
        def __len__(self):
            return 2

        def epoch(self, epoch):
            asked.append(epoch)
            yield Batch(X[:6], Y[:6])
            yield Batch(X[6:], Y[6:], np.full(6, 2.0))

    asked = []
    model = network()
    model.fit(Doubled(), epochs=3, validation_data=Doubled(), verbose=0)
    trained = [epoch for epoch in asked if epoch]
    assert trained == [1, 2]  # and 0 for the first epoch, for every validation, for the shape


# ---- lookers-on --------------------------------------------------------------------------------


class Diary(mc.Callback):
    def __init__(self, name="", log=None):
        self.name, self.log = name, [] if log is None else log

    def note(self, *words):
        self.log.append((*[self.name] * bool(self.name), *words))

    def on_train_begin(self, plan):
        self.note("train begin", plan)

    def on_epoch_begin(self, epoch):
        self.note("epoch begin", epoch)

    def on_batch_end(self, step, logs):
        self.note("batch end", step, sorted(logs))

    def on_epoch_end(self, epoch, logs):
        self.note("epoch end", epoch, sorted(logs))

    def on_train_end(self):
        self.note("train end")


def test_callbacks_hear_everything_in_order():
    diary, model = Diary(), network()
    model.fit(
        X, Y, batch_size=6, epochs=3, initial_epoch=1,
        validation_data=(X, Y), callbacks=[diary], verbose=0,
    )  # fmt: skip
    figures = ["accuracy", "loss"]
    epochs = [
        entry
        for epoch in (1, 2)
        for entry in (
            ("epoch begin", epoch),
            ("batch end", 0, figures),
            ("batch end", 1, figures),
            ("epoch end", epoch, [*figures, "val_accuracy", "val_loss"]),
        )
    ]
    names = ["loss", "accuracy", "val_loss", "val_accuracy"]
    (_, plan), *rest = diary.log
    assert [*rest] == [*epochs, ("train end",)]
    data, held_back = plan.pop("data"), plan.pop("validation_data")
    assert plan == {"epochs": 3, "initial_epoch": 1, "steps": 2, "figures": names}
    assert (len(data), held_back.shuffle) == (2, False)
    assert_same([data.x, held_back.x], [X, X])
    assert diary.model is model


def test_callbacks_are_told_in_their_order_and_leave_in_reverse():
    log = []
    callbacks = [Diary("a", log), Diary("b", log)]
    network().fit(X, Y, batch_size=12, callbacks=callbacks, verbose=0)
    names = [entry[0] for entry in log]
    assert names == ["a", "b"] * 4 + ["b", "a"]


class StopAfter(Diary):
    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def on_batch_end(self, step, logs):
        super().on_batch_end(step, logs)
        self.stop = self.stop or step + 1 == self.steps


def test_a_callback_can_stop_in_the_middle_of_an_epoch():
    diary = StopAfter(2)
    history = network().fit(X, Y, batch_size=4, epochs=5, callbacks=[diary], verbose=0)
    events = [entry[0] for entry in diary.log]
    assert events == ["train begin", "epoch begin", *["batch end"] * 2, "epoch end", "train end"]
    assert history.epochs == [0]
    again = network().fit(X, Y, batch_size=12, epochs=2, callbacks=[diary], verbose=0)
    assert again.epochs == [0, 1]  # the stop was for that training only


def test_callbacks_hear_the_end_even_if_training_fails():
    bad, diary = X.copy(), Diary()
    bad[7] = np.nan
    with pytest.raises(mc.NotFiniteError):
        network().fit(bad, Y, batch_size=12, callbacks=[diary], verbose=0)
    assert [entry[0] for entry in diary.log] == ["train begin", "epoch begin", "train end"]

    class Broken(mc.Callback):
        def on_train_begin(self, plan):
            raise RuntimeError("no disk")

    first, last = Diary(), Diary()
    with pytest.raises(RuntimeError, match="no disk"):
        network().fit(X, Y, callbacks=[first, Broken(), last], verbose=0)
    assert [entry[0] for entry in first.log] == ["train begin", "train end"]
    assert last.log == []  # it never began


@pytest.mark.parametrize(
    "event", ["on_epoch_begin", "on_batch_end", "on_epoch_end", "on_train_end"]
)
def test_a_callback_that_fails_keeps_nobody_from_hearing_of_it(event):
    """A checkpoint, for one, is written after all others had their turn."""

    class Fails(mc.Callback):
        def __init__(self, why):
            self.why = why

    def fail(self, *_):
        raise RuntimeError(self.why)

    setattr(Fails, event, fail)
    first, last = Diary(), Diary()
    callbacks = [first, Fails("the first"), Fails("the second"), last]
    with pytest.raises(RuntimeError, match="the") as failure:
        network().fit(X, Y, batch_size=12, callbacks=callbacks, verbose=0)
    other = "the first" if event == "on_train_end" else "the second"  # which goes backwards
    assert failure.value.__notes__ == [f"and after it: {RuntimeError(other)!r}"]
    heard = [entry[0].replace(" ", "_") for entry in first.log]
    assert heard == [entry[0].replace(" ", "_") for entry in last.log]
    assert event[3:] in heard


def test_all_are_asked_about_a_loss_that_is_no_number_also_when_one_fails():
    class Fails(mc.Callback):
        def on_not_finite(self, error):
            raise RuntimeError("no post")

    bad, last = X.copy(), mc.TerminateOnNaN()
    bad[0] = np.nan
    with (
        pytest.warns(RuntimeWarning, match="training ended"),
        pytest.raises(RuntimeError, match="no post"),
    ):
        network().fit(bad, Y, callbacks=[Fails(), last], verbose=0)
    assert isinstance(last.error, mc.NotFiniteError)


# ---- what isn't finite -------------------------------------------------------------------------


def test_nan_names_epoch_and_step_and_leaves_the_weights_of_the_step_before():
    bad = X.copy()
    bad[9, 0, 0, 0] = np.nan
    data = ArrayDataset(bad, Y, batch_size=4, shuffle=False)
    model, healthy = network(), network()
    with pytest.raises(mc.NotFiniteError, match=r"epoch 1, step 3: .*the input has NaN"):
        model.fit(data, epochs=2, verbose=0)
    healthy.fit(ArrayDataset(X[:8], Y[:8], batch_size=4, shuffle=False), verbose=0)
    assert_same(model.get_weights(), healthy.get_weights())  # the running figures too


def test_an_overflow_names_the_layer_where_it_began():
    layers = [mc.Dense(2), mc.Residual(mc.Dense(2), name="sum"), mc.Dense(1)]
    model = mc.Sequential(layers, input_shape=(2,)).astype(np.float64)
    model.compile("sgd", "mse")
    layers[1].body.params["W"][...] = 1e300
    x = np.full((2, 2), 1e200)
    with pytest.raises(mc.NotFiniteError, match=r"sum \(Residual, layer 2 of 3\): its output over"):
        model.train_on_batch(x, [0, 0])
    layers[2].params["W"][0] = np.inf
    with pytest.raises(
        mc.NotFiniteError, match=r"dense_2 \(Dense, layer 3 of 3\): its parameter W"
    ):
        model.train_on_batch(np.zeros((2, 2)), [0, 0])


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("squash", ["tanh", "sigmoid"])
def test_an_input_that_is_not_finite_is_noticed_before_it_reaches_the_weights(bad, squash):
    model = mc.Sequential([mc.Dense(3, activation=squash), mc.Dense(1)], input_shape=(2,))
    model.compile("sgd", "mse")
    before = model.get_weights()
    x = np.ones((4, 2), np.float32)
    x[2, 1] = bad
    with pytest.raises(mc.NotFiniteError, match="the input has NaN or infinity in it"):
        model.fit(x, np.ones(4), verbose=0)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_input_whose_sum_alone_overflows_is_taken():
    model = mc.Sequential([mc.Sigmoid(), mc.Dense(1)], input_shape=(4,))
    model.compile("sgd", "mse")
    x = np.full((2, 4), 3e38, np.float32)
    assert np.isfinite(model.fit(x, np.ones(2), verbose=0).history["loss"][0])


def two_classes():
    model = mc.Sequential([mc.Dense(1, activation="sigmoid")], input_shape=(2,))
    model.compile("sgd", "binary_crossentropy")
    return model


@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        (np.ones((4, 3)), np.ones(4), "expected an input of shape"),
        (np.ones((4, 2)), np.full(4, 7), "got 7"),
        (np.ones((4, 2)), np.ones((4, 2)), "expected labels"),
    ],
)
def test_validation_data_that_do_not_fit_are_found_before_the_first_epoch(x, y, says):
    model = two_classes()
    before = model.get_weights()
    with pytest.raises(mc.MinicnnError, match=f"validation data: .*{says}"):
        model.fit(np.ones((4, 2)), np.ones(4), validation_data=(x, y), verbose=0)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ({0: -1.0}, "at least 0"),
        ({0: float("nan")}, "at least 0"),
        ({2: 1.0}, "from 0 to 1, got a weight for class 2"),
        ({-1: 1.0}, "from 0 to 1, got a weight for class -1"),
    ],
)
def test_class_weights_that_make_no_sense(weights, says):
    with pytest.raises(mc.ConfigError, match=says):
        two_classes().fit(np.ones((4, 2)), np.ones(4), class_weight=weights, verbose=0)


def test_class_weights_need_one_class_a_sample():
    model = mc.Sequential([mc.Dense(2, activation="sigmoid")], input_shape=(2,))
    model.compile("sgd", "binary_crossentropy")
    with pytest.raises(mc.ConfigError, match="yes-or-no outputs"):
        model.fit(np.ones((4, 2)), np.ones((4, 2)), class_weight={0: 1.0}, verbose=0)


def test_a_metric_named_twice():
    with pytest.raises(mc.ConfigError, match="got 'accuracy' twice"):
        two_classes().compile("sgd", "binary_crossentropy", metrics=["accuracy", "accuracy"])


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=9),
    st.floats(0, 10),
    st.floats(0, 10),
    st.booleans(),
)
def test_a_mixture_of_classes_has_a_mixture_of_their_weights(shares, zero, one, as_rows):
    """Also one that is nearly class 1, which is not class 0."""
    y = np.array(shares)
    labels = np.stack([1 - y, y], axis=1) if as_rows else y
    batch = weighted(Batch(np.zeros((len(y), 2)), labels), {0: zero, 1: one})
    np.testing.assert_allclose(batch.weight, (1 - y) * zero + y * one, atol=1e-12)


def test_class_weights_beside_a_label_that_is_nan_name_the_labels():
    y = np.array([0.0, np.nan, 1.0, 0.0])
    with pytest.raises(mc.MinicnnError, match="labels"):
        two_classes().fit(np.ones((4, 2)), y, class_weight={1: 2.0}, verbose=0)
