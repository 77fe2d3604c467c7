"""Whole networks on the CuPy backend: trained, used, stopped short, carried over to NumPy."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.backends import ops_for
from minicnn.training.device_steps import DeviceSteps

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (24, 10, 10, 3)).astype(np.uint8)
Y = (X[:, :5].mean(axis=(1, 2, 3)) > X[:, 5:].mean(axis=(1, 2, 3))).astype(int)


def network(seed=0):
    model = mc.Sequential([
        mc.Conv2D(4, 3, activation="relu"), mc.BatchNorm(), mc.MaxPool2D(2),
        mc.Conv2D(6, 3, padding="same"), mc.LeakyReLU(), mc.AvgPool2D(2),
        mc.Flatten(), mc.Dense(8, activation="tanh"), mc.Dropout(0.4),
        mc.Dense(1, activation="sigmoid"),
    ], input_shape=(10, 10, 3), seed=seed)  # fmt: skip
    model.compile(mc.RMSprop(1e-3), "binary_crossentropy", metrics=["accuracy", "auc"])
    return model


def trained(**options):
    model = network()
    history = model.fit(X, Y, batch_size=5, epochs=3, verbose=0, **options)
    return model, history.history


def assert_same_weights(model, other, **tolerance):
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, **tolerance)


def test_a_run_is_the_run_on_numpy(cupy_ops):
    on_gpu, figures = trained(validation_data=(X[:6], Y[:6]), class_weight={0: 1.0, 1: 2.0})
    assert all(ops_for(p).name == "cupy" for p in on_gpu.params.values())
    with mc.use_backend("numpy"):
        on_cpu, expected = trained(validation_data=(X[:6], Y[:6]), class_weight={0: 1.0, 1: 2.0})
    assert all(isinstance(p, np.ndarray) for p in on_cpu.params.values())
    assert figures.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(figures[name], values, rtol=1e-4, err_msg=name)
    assert_same_weights(on_gpu, on_cpu, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(on_gpu.predict(X), on_cpu.predict(X), rtol=1e-4, atol=1e-6)


def test_equal_seeds_give_equal_runs(cupy_ops):
    one, two = trained(), trained()
    assert one[1] == two[1]
    assert_same_weights(one[0], two[0], rtol=0)


def test_what_comes_out_is_numpys(cupy_ops):
    model, _ = trained()
    assert isinstance(model.predict(X), np.ndarray)
    assert isinstance(model.evaluate(X, Y)["loss"], float)
    assert isinstance(model.train_on_batch(X, Y)["accuracy"], float)
    assert all(isinstance(w, np.ndarray) for w in model.get_weights())


def test_weights_go_to_and_fro(cupy_ops):
    there = network(seed=1)
    with mc.use_backend("numpy"):
        here = network(seed=2)
    there.set_weights(here.get_weights())
    np.testing.assert_allclose(there.predict(X), here.predict(X), rtol=1e-5)
    here.set_weights(network(seed=3).get_weights())
    there.set_weights([cupy_ops.asarray(w) for w in here.get_weights()])
    np.testing.assert_allclose(there.predict(X), here.predict(X), rtol=1e-5)


def test_a_model_stays_where_it_was_built(cupy_ops):
    there = network()
    expected = there.predict(X)
    with mc.use_backend("numpy"):
        here = network()
        np.testing.assert_array_equal(there.predict(X), expected)
        there.train_on_batch(X, Y)
    here.train_on_batch(X, Y)
    np.testing.assert_allclose(there.predict(X), here.predict(X), rtol=1e-4)


def test_a_model_saved_on_one_loads_on_the_other(cupy_ops, tmp_path):
    there, _ = trained()
    there.save(tmp_path / "gpu.safetensors")
    with mc.use_backend("numpy"):
        here = mc.load_model(tmp_path / "gpu.safetensors")
        assert all(isinstance(p, np.ndarray) for p in here.params.values())
        here.compile("adam", "binary_crossentropy")
        here.fit(X, Y, epochs=1, verbose=0)
        here.save(tmp_path / "cpu.safetensors")
    back = mc.load_model(tmp_path / "cpu.safetensors")
    assert all(ops_for(p).name == "cupy" for p in back.params.values())
    np.testing.assert_allclose(back.predict(X), here.predict(X), rtol=1e-5)
    back.compile("adam", "binary_crossentropy")
    back.fit(X, Y, epochs=1, verbose=0)


@pytest.mark.parametrize("every", [3, 5], ids=["in the middle", "after an epoch's last step"])
def test_a_run_that_was_interrupted_goes_on_with_the_same_bits(cupy_ops, tmp_path, every):
    whole, expected = trained()
    file = tmp_path / "run.ckpt"
    saved = mc.ModelCheckpoint(file, every_steps=every)
    network().fit(X, Y, batch_size=5, epochs=2, verbose=0, callbacks=[saved])
    model = network()
    history = model.fit(X, Y, batch_size=5, epochs=3, verbose=0, resume=file)
    assert_same_weights(model, whole, rtol=0)
    assert history.history == expected
    assert all(ops_for(p).name == "cupy" for p in model.params.values())


def test_data_that_lives_on_the_device_stays_there(cupy_ops):
    x, y = cupy_ops.asarray(X), cupy_ops.asarray(Y)
    resident, carried = network(), network()
    resident.fit(x, y, batch_size=5, epochs=2, verbose=0)
    carried.fit(X, Y, batch_size=5, epochs=2, verbose=0)
    assert_same_weights(resident, carried, rtol=0)
    np.testing.assert_array_equal(resident.predict(x), carried.predict(X))
    assert resident.evaluate(x, y) == carried.evaluate(X, Y)


def test_several_classes_and_every_optimizer(cupy_ops):
    labels = np.arange(24) % 3
    for optimizer in (mc.SGD(0.01, 0.9), mc.Adam(), mc.AdamW(), mc.RMSprop(centered=True)):
        model = mc.Sequential(
            [mc.Conv2D(4, 3), mc.GlobalAvgPool2D(), mc.Dense(3, activation="softmax")],
            input_shape=(10, 10, 3),
        )
        steps = [mc.ClipNorm(1.0), mc.WeightDecay(1e-4), mc.ClipValue(0.5)]
        model.compile(optimizer, "sparse_categorical_crossentropy", ["accuracy"], gradients=steps)
        history = model.fit(X, labels, epochs=2, sample_weight=np.ones(24), verbose=0)
        assert np.isfinite(history.history["loss"]).all()


def test_gradients_of_a_whole_network_with_its_loss(cupy_ops):
    model = mc.Sequential(
        [mc.Conv2D(2, 3), mc.Tanh(), mc.Flatten(), mc.Dense(2, activation="softmax")]
    )
    x = RNG.standard_normal((3, 5, 5, 1))
    report = mc.gradcheck(model, x, loss="categorical_crossentropy", y=np.eye(2)[[0, 1, 0]])
    assert report.worst.error < 1e-6


def test_the_weights_of_classes_are_for_training_alone(cupy_ops):
    """Also where the data set that is validated is the very one that is trained on."""
    model, data = network(), mc.data.Pictures(X, Y, batch_size=5, shuffle=False)
    seen = []

    class Looks(mc.Callback):
        def on_epoch_end(self, epoch, logs):
            seen.append((logs["val_loss"], model.evaluate(data)["loss"]))

    weights = {0: 0.1, 1: 9.0}
    model.fit(data, epochs=2, validation_data=data, class_weight=weights, verbose=0,
              callbacks=[Looks()])  # fmt: skip
    for validated, evaluated in seen:
        assert validated == pytest.approx(evaluated, rel=1e-6)


def test_a_look_in_the_middle_leaves_the_figures_of_the_epoch_alone(cupy_ops):
    class Looks(mc.Callback):
        def on_batch_end(self, step, logs):
            self.model.evaluate(X[:5], Y[:5])

    looked, expected = trained(callbacks=[Looks()]), trained()
    assert looked[1] == expected[1]
    assert_same_weights(looked[0], expected[0], rtol=0)


def test_ctrl_c_in_a_validation_saves_the_figures_of_the_training(cupy_ops, tmp_path):
    file = tmp_path / "run.ckpt"
    whole, expected = trained(validation_data=(X[:6], Y[:6]))
    model = network()

    class PressesCtrlC(mc.data.Pictures):
        def epoch(self, epoch):
            for batch in super().epoch(epoch):
                model.trainer.ctrl_c.asked = model.optimizer.step_count > 5
                yield batch

    held_back = PressesCtrlC(X[:6], Y[:6], batch_size=5, shuffle=False)
    with pytest.raises(KeyboardInterrupt, match="after step 5 of 5"):
        model.fit(X, Y, batch_size=5, epochs=3, verbose=0, validation_data=held_back,
                  callbacks=[mc.ModelCheckpoint(file)])  # fmt: skip
    again, found = trained(validation_data=(X[:6], Y[:6]), resume=file)
    assert found == expected
    assert_same_weights(again, whole, rtol=0)


def test_ctrl_c_after_a_step_that_broke_asks_about_it_first(cupy_ops, tmp_path):
    """The device has not told yet that the loss was no number."""
    x = X.astype(np.float32)
    x[7] = np.nan  # in the second step

    class PressesCtrlC(mc.Callback):
        def on_batch_end(self, step, logs):
            self.model.trainer.ctrl_c.asked = step == 3

        def wants_figures(self, step):
            return False

    ended, file, model = mc.TerminateOnNaN(), tmp_path / "run.ckpt", network()
    callbacks = [PressesCtrlC(), ended, mc.ModelCheckpoint(file)]
    with (
        pytest.warns(RuntimeWarning, match="step 2"),
        pytest.raises(KeyboardInterrupt, match="training had ended: epoch 1, step 2"),
    ):
        model.fit(x, Y, batch_size=5, shuffle=False, verbose=0, callbacks=callbacks)
    assert isinstance(ended.error, mc.NotFiniteError)
    assert not file.exists()  # the step that it would name is not the one of these weights
    with pytest.raises(mc.NotFiniteError, match="step 2"):
        network().fit(x, Y, batch_size=5, shuffle=False, verbose=0, callbacks=callbacks[:1])


def test_single_steps_are_prepared_anew_for_a_network_in_another_precision(cupy_ops):
    on_gpu = network()
    for _ in range(2):
        on_gpu.train_on_batch(X, Y)
    steps = on_gpu.trainer._single_steps
    on_gpu.train_on_batch(X, Y)
    assert on_gpu.trainer._single_steps is steps  # the same network: nothing is prepared again
    for layer in on_gpu.layers:
        for key, p in layer.params.items():
            layer.params[key] = p.astype(np.float64)
        for key, p in layer.state.items():
            layer.state[key] = p.astype(np.float64)
    on_gpu.optimizer.memory.clear()
    on_gpu.train_on_batch(X, Y)
    assert on_gpu.trainer._single_steps.dtype == np.float64


def test_batches_are_weighted_as_each_run_says(cupy_ops):
    model = network()
    data = mc.data.Pictures(X, Y, batch_size=24, shuffle=False)
    steps = DeviceSteps(model.trainer, comes_again=True)

    def share(weights):
        return next(iter(steps.batches(data, class_weight=weights))).labels.share.get().ravel()

    weights = {1: 3.0}
    plain, weighted = share(None), share(weights)
    np.testing.assert_allclose(weighted, plain * np.where(Y == 1, 3.0, 1.0), rtol=1e-6)
    feeder = steps._feeder
    share(weights)
    assert steps._feeder is feeder
    weights[1] = 1.0
    np.testing.assert_array_equal(share(weights), plain)


def test_clip_norm_knows_lengths_whose_squares_no_float32_holds(cupy_ops):
    for size in (1e20, 1e-20):
        g = {"a/W": cupy_ops.xp.full(4, size, np.float32)}
        clipped = mc.ClipNorm(size)(g, {})["a/W"]
        assert clipped.dtype == np.float32
        np.testing.assert_allclose(clipped.get(), size / 2, rtol=1e-6)


# ---- errors ----------------------------------------------------------------------


def test_an_input_elsewhere_names_both_places(cupy_ops):
    layer = mc.Dense(2, name="dense_1")
    layer.build((3,), np.random.default_rng(0))
    with pytest.raises(mc.BackendError, match=r"dense_1.*GPU 0.*NumPy.*x\.get\(\)"):
        layer(np.ones((1, 3), np.float32))


def test_an_input_on_the_gpu_for_a_network_on_the_cpu(cupy_ops):
    with mc.use_backend("numpy"):
        model = network()
    with pytest.raises(mc.BackendError, match=r"got an array on a GPU; fetch it with x\.get\(\)"):
        model.predict(cupy_ops.asarray(X))


def test_a_full_device_says_what_to_do(cupy_ops, monkeypatch):
    model = network()

    def full(*args, **kwargs):
        raise cupy_ops.xp.cuda.memory.OutOfMemoryError(10, 20, 30)

    monkeypatch.setattr(type(cupy_ops), "im2col", full)
    for use in (lambda: model.fit(X, Y, verbose=0), lambda: model.predict(X)):
        with pytest.raises(mc.BackendError, match="smaller batch_size"):
            use()


def test_numbers_that_overflow_name_the_layer(cupy_ops):
    model = network()
    model.compile(mc.SGD(1e30), "binary_crossentropy")
    with pytest.raises(mc.NotFiniteError, match="step"):
        model.fit(X, Y, epochs=3, verbose=0)
