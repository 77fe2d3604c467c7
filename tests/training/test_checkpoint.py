"""A run that is resumed is the run that was never stopped."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.data.arrays import ArrayDataset
from minicnn.data.dataset import batches
from minicnn.saving import ModelFile, sealed, write_whole
from minicnn.training.checkpoint import Checkpoint
from minicnn.training.figures import Figures
from minicnn.training.run import Run
from tests.effort import examples

RNG = np.random.default_rng(0)
X, Y = RNG.random((22, 5)).astype(np.float32), RNG.integers(0, 2, 22)
EPOCHS = 4
BATCH = 4
STEPS = 6


class PowerCut(BaseException):  # no error of anyone's: nobody has time to react
    """What ends a run without warning."""


class Cut(mc.Callback):
    """Ends the run after so many steps, before anyone can react."""

    def __init__(self, after: int) -> None:
        self.left = after

    def on_batch_end(self, step: int, logs: dict[str, Any]) -> None:
        self.left -= 1
        if self.left == 0:
            raise PowerCut


class Plain:
    """A data set that knows nothing of resuming."""

    def __init__(self) -> None:
        self.inner = ArrayDataset(X, Y, BATCH, seed=3)

    def __len__(self) -> int:
        return len(self.inner)

    def epoch(self, epoch: int) -> Any:
        return self.inner.epoch(epoch)


OPTIMIZERS: dict[str, Any] = {
    "sgd": lambda: mc.SGD(0.1),
    "momentum": lambda: mc.SGD(0.1, momentum=0.9, nesterov=True),
    "rmsprop": lambda: mc.RMSprop(0.01),
    "centred": lambda: mc.RMSprop(0.01, momentum=0.5, centered=True),
    "adam": lambda: mc.Adam(mc.CosineDecay(0.05, 20)),
    "adamw": lambda: mc.AdamW(0.01),
}


def new_model(optimizer: str = "rmsprop", metrics: Any = ("accuracy", "auc")) -> mc.Sequential:
    model = mc.Sequential(
        [
            mc.Dense(6, activation="tanh"),
            mc.BatchNorm(),
            mc.Dropout(0.3),
            mc.Dense(1, activation="sigmoid"),
        ],
        input_shape=(5,),
        seed=3,
    )
    model.compile(OPTIMIZERS[optimizer](), "binary_crossentropy", metrics)
    return model


def fit(model: mc.Sequential, data: Any = None, **options: Any) -> mc.History:
    options = {"epochs": EPOCHS, "validation_data": (X[:9], Y[:9]), "verbose": 0} | options
    return model.fit(data or ArrayDataset(X, Y, BATCH, seed=3), **options)


def bits(model: mc.Sequential) -> bytes:
    return b"".join(w.tobytes() for w in model.get_weights())


@examples(12)  # each is up to five runs on the disk
@given(
    st.sampled_from(sorted(OPTIMIZERS)),
    st.lists(st.integers(1, EPOCHS * STEPS), min_size=1, max_size=3),
    st.integers(1, STEPS),
    st.booleans(),
)
def test_cut_anywhere_any_number_of_times(
    tmp_path_factory: Any, optimizer: str, cuts: list[int], every: int, plain: bool
) -> None:
    path = tmp_path_factory.mktemp("run") / "run.ckpt"

    def callbacks() -> list[mc.Callback]:
        watch = mc.EarlyStopping(patience=2)
        return [mc.ModelCheckpoint(path, every_steps=every), watch]

    whole = new_model(optimizer)
    expected = fit(whole, callbacks=callbacks())
    path.unlink()
    for after in cuts:
        cut = [*callbacks(), Cut(after)]
        try:
            fit(new_model(optimizer), Plain() if plain else None, callbacks=cut, resume=True)
        except PowerCut:
            continue
    model = new_model(optimizer)
    history = fit(model, Plain() if plain else None, callbacks=callbacks(), resume=True)
    assert dataclasses.asdict(history) == dataclasses.asdict(expected)
    assert bits(model) == bits(whole)


@pytest.mark.parametrize("best_first", [True, False])
def test_cut_right_after_any_write_the_files_are_the_same_too(
    tmp_path: Path, monkeypatch: Any, best_first: bool
) -> None:
    """A checkpoint holds what the others remember, so the others must have had their turn."""

    def run(folder: Path, cut_after: int) -> int:
        callbacks = [
            mc.ModelCheckpoint(folder / "run.ckpt", every_steps=3),
            mc.ModelCheckpoint(folder / "best.ckpt", save="best"),
        ][:: -1 if best_first else 1]
        writes = 0

        def write(path: Any, content: bytes) -> None:
            nonlocal writes
            write_whole(path, content)
            writes += 1
            if writes == cut_after:
                raise PowerCut

        monkeypatch.setattr(sealed, "write_whole", write)
        callbacks.append(mc.EarlyStopping(patience=9))
        fit(new_model(), epochs=3, callbacks=callbacks, resume=True)
        return writes

    def files(folder: Path) -> list[bytes]:
        return [(folder / name).read_bytes() for name in ("run.ckpt", "best.ckpt")]

    all_writes = run(tmp_path / "whole", 0)
    assert all_writes > 9
    for cut_after in range(1, all_writes + 1):
        folder = tmp_path / str(cut_after)
        with pytest.raises(PowerCut):
            run(folder, cut_after)
        run(folder, 0)
        assert files(folder) == files(tmp_path / "whole"), f"cut after write {cut_after}"


def test_a_run_that_a_callback_had_stopped_stays_stopped(tmp_path: Path) -> None:
    class StopAt(mc.Callback):
        def on_batch_end(self, step: int, logs: dict[str, Any]) -> None:
            self.stop = self.model.trainer.optimizer.step_count >= 8

    path = tmp_path / "run.ckpt"

    def callbacks() -> list[mc.Callback]:
        return [StopAt(), mc.ModelCheckpoint(path, every_steps=2)]

    whole = new_model()
    expected = fit(whole, callbacks=callbacks())
    path.unlink()
    with pytest.raises(PowerCut):
        fit(new_model(), callbacks=[*callbacks(), AfterSaving(8)])
    model = new_model()
    history = fit(model, callbacks=callbacks(), resume=path)
    assert history == expected
    assert bits(model) == bits(whole)
    assert len(history.epochs) == 2


class AfterSaving(Cut):
    """Cuts when the checkpoint of the step has been written."""

    turn = 3


def test_resuming_what_is_done_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    model = new_model()
    history = fit(model, callbacks=[mc.ModelCheckpoint(path)])
    again = new_model()
    assert fit(again, resume=path) == history
    assert bits(again) == bits(model)


def test_more_epochs_go_on_as_if_there_had_always_been_more(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    longer = new_model()
    expected = fit(longer, epochs=6)
    fit(new_model(), epochs=3, callbacks=[mc.ModelCheckpoint(path)])
    model = new_model()
    assert fit(model, epochs=6, resume=path) == expected
    assert bits(model) == bits(longer)


def test_the_learning_rate_of_the_checkpoint_wins(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    lower = mc.LearningRateScheduler(lambda epoch, rate: rate / 2)
    fit(new_model(), callbacks=[lower, mc.ModelCheckpoint(path)])
    model = new_model()
    fit(model, resume=path)
    assert model.optimizer.learning_rate == 0.01 / 2**EPOCHS


def test_a_checkpoint_is_a_model_too(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    model = new_model()
    fit(model, callbacks=[mc.ModelCheckpoint(path)])
    assert bits(mc.load_model(path)) == bits(model)


# ---- data sets ---------------------------------------------------------------------------------


@given(st.integers(0, 7), st.integers(0, 3))
def test_skipped_batches_are_the_batches_that_were_before(start: int, epoch: int) -> None:
    skipping, plain = ArrayDataset(X, Y, BATCH, seed=3), Plain()
    expected = list(plain.epoch(epoch))[start:]
    for data in (skipping, plain):
        for one, other in zip(batches(data, epoch, start), expected, strict=True):
            np.testing.assert_array_equal(one.x, other.x)
            np.testing.assert_array_equal(one.y, other.y)


def test_an_array_data_set_does_not_make_the_batches_that_it_skips() -> None:
    class Counting(np.ndarray):
        rows = 0

        def __getitem__(self, which: Any) -> Any:
            part = np.asarray(self)[which]
            Counting.rows += len(part)
            return part

    data = ArrayDataset(X, Y, BATCH)
    data.x = X.view(Counting)
    assert len(list(batches(data, 0, start=STEPS - 1))) == 1
    assert len(X) % BATCH == Counting.rows


def test_pictures_skip_too() -> None:
    pixels = RNG.integers(0, 256, (7, 8, 8, 3), dtype=np.uint8)
    data = mc.data.Pictures(pixels, np.arange(7), batch_size=2, augment="classic")
    expected = list(data.epoch(1))[2:]
    for one, other in zip(batches(data, 1, start=2), expected, strict=True):
        np.testing.assert_array_equal(one.x, other.x)


# ---- what cannot be resumed --------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    fit(new_model(), epochs=1, callbacks=[mc.ModelCheckpoint(tmp_path / "run.ckpt")])
    return tmp_path / "run.ckpt"


def another(**change: Any) -> mc.Sequential:
    layers = [mc.Dense(6, activation=change.get("activation", "tanh")), mc.BatchNorm()]
    layers += [mc.Dropout(0.3), *[mc.Tanh()] * change.get("more", 0)]
    layers += [mc.Dense(1, activation="sigmoid")]
    model = mc.Sequential(layers, input_shape=(5,), seed=change.get("seed", 3))
    optimizer = change.get("optimizer", mc.RMSprop(0.01))
    model.compile(optimizer, "binary_crossentropy", change.get("metrics", ["accuracy", "auc"]))
    return model


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 4}, "expected the seed of the run that was saved, 3, got 4"),
        ({"optimizer": mc.SGD(0.1)}, "optimizer's class .*'RMSprop', got 'SGD'"),
        ({"optimizer": mc.RMSprop(0.01, rho=0.5)}, "optimizer's rho .*'0.9', got '0.5'"),
        (
            {"optimizer": mc.RMSprop(mc.CosineDecay(0.1, 9))},
            "optimizer's learning_rate .*'a number', got 'CosineDecay",
        ),
        ({"metrics": ["accuracy"]}, "metrics"),
        ({"activation": "relu"}, "layer 1 .*'tanh'.*, got .*'relu'"),
        ({"more": 1}, "layer 4 .*'Dense'.*, got .*'Tanh'"),
    ],
)
def test_another_run_cannot_go_on_from_here(
    saved: Path, change: dict[str, Any], message: str
) -> None:
    model = another(**change)
    before = bits(model)
    with pytest.raises(mc.SavingError, match=f"run.ckpt: cannot go on from here: .*{message}"):
        fit(model, resume=saved)
    assert bits(model) == before


def test_other_data_cannot_go_on_from_here(saved: Path) -> None:
    with pytest.raises(mc.SavingError, match=r"steps an epoch .* 6, got 3"):
        fit(new_model(), ArrayDataset(X, Y, 8), resume=saved)


def test_the_same_run_can(saved: Path) -> None:
    fit(another(), resume=saved)


def test_a_model_is_no_checkpoint(tmp_path: Path) -> None:
    new_model().save(tmp_path / "m")
    with pytest.raises(mc.SavingError, match="got a model without its training run"):
        fit(new_model(), resume=tmp_path / "m")


def test_resume_needs_a_file_or_a_callback_that_writes_one(tmp_path: Path) -> None:
    with pytest.raises(mc.SavingError, match="no such file"):
        fit(new_model(), resume=tmp_path / "nothing")
    for callbacks in (
        [],
        [mc.ModelCheckpoint(tmp_path / "best", save="best")],
        [mc.ModelCheckpoint(tmp_path / "run-{epoch}")],
    ):
        with pytest.raises(mc.ConfigError, match="resume=True: expected a callback"):
            fit(new_model(), resume=True, callbacks=callbacks)


FORGERIES: dict[str, Any] = {
    "epoch that is a text": lambda t: t.update(epoch="two"),
    "step missing": lambda t: t.pop("step"),
    "history that is a list": lambda t: t.update(history=[]),
    "memory of an unknown parameter": lambda t: t["optimizer"]["memory"].update(x={"v": {}}),
    "memory of another shape": lambda t: t["optimizer"]["memory"].update(
        {"dense_1/b": {"v": {"$array": "dense_1/W"}}}
    ),
    "a learning rate below zero": lambda t: t["optimizer"].update(learning_rate=-1),
    "callbacks that are a number": lambda t: t.update(callbacks=3),
    "no optimizer": lambda t: t.pop("optimizer"),
}


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_checkpoint_is_one_clear_error(saved: Path, change: Any) -> None:
    document, arrays = sealed.read(saved)
    change(document["training"])
    sealed.write(saved, document, arrays)
    with pytest.raises(mc.SavingError, match=r"run\.ckpt: cannot go on from here"):
        fit(new_model(), resume=saved, callbacks=[mc.EarlyStopping()])


@pytest.mark.parametrize(
    "change",
    [
        lambda t, _: t["metrics"]["accuracy"].update(table=np.ones((3, 3), np.int64)),
        lambda t, _: t["metrics"]["auc"].clear(),
        lambda _, arrays: arrays.update({"dense_1/b": np.zeros(7, np.float32)}),
    ],
    ids=["a table of other classes", "no scores", "weights of another shape"],
)
def test_what_does_not_fit_changes_no_metric_either(saved: Path, change: Any) -> None:
    checkpoint, model = Checkpoint(saved), new_model()
    model.evaluate(X, Y)
    trainer = model.trainer
    for metric in trainer.metrics:
        metric.reset()
        metric.update(Y, np.linspace(0, 1, len(Y))[:, None].astype(np.float32))
    before = [metric.result() for metric in trainer.metrics], bits(model)
    change(checkpoint.saved, checkpoint.weights)
    run = Run(epoch=0, steps=STEPS, callbacks=(), figures=Figures(trainer.metrics))
    with pytest.raises(mc.SavingError, match="cannot go on from here"):
        checkpoint.restore(trainer, run)
    assert ([metric.result() for metric in trainer.metrics], bits(model)) == before


def test_a_metric_that_cannot_be_resumed_is_refused_before_training(tmp_path: Path) -> None:
    class Count(mc.Metric):
        name = "count"

        def reset(self) -> None:
            self.n = 0

        def update(self, y_true: Any, y_pred: Any) -> None:
            self.n += len(y_true)

        def result(self) -> int:
            return self.n

    class Resumable(Count):
        def state(self) -> dict[str, Any]:
            return {"n": self.n}

        def set_state(self, state: dict[str, Any]) -> None:
            self.n = state["n"]

    path = tmp_path / "run.ckpt"
    with pytest.raises(mc.ConfigError, match=r"metric count: expected state\(\) and set_state"):
        fit(new_model(metrics=[Count()]), callbacks=[mc.ModelCheckpoint(path)])
    fit(new_model(metrics=[Count()]))
    callbacks = [mc.ModelCheckpoint(path, every_steps=1), AfterSaving(4)]
    with pytest.raises(PowerCut):
        fit(new_model(metrics=[Resumable()]), callbacks=callbacks)
    history = fit(new_model(metrics=[Resumable()]), resume=path)
    assert history.history["count"] == [len(X)] * EPOCHS


def test_tables_in_the_history_are_saved_exactly(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    history = fit(new_model(metrics=["confusion_matrix"]), callbacks=[mc.ModelCheckpoint(path)])
    training = ModelFile.read(path).training
    assert training is not None
    saved = training["history"]["history"]["val_confusion_matrix"]
    for one, other in zip(saved, history.history["val_confusion_matrix"], strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype


# ---- as many steps an epoch, and yet another run ------------------------------------------------


def first(p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return p


def second(p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return p[::-1]


PIXELS = RNG.integers(0, 256, (10, 8, 8, 3), dtype=np.uint8)
PARITY = np.arange(10) % 2


def pictures(**change: Any) -> mc.data.Pictures:
    options = {"batch_size": 5, "augment": "mild", "seed": 1, "threads": 0} | change
    return mc.data.Pictures(PIXELS, options.pop("y", PARITY), **options)


def small_run(data: Any, loss: Any = "binary_crossentropy", gradients: Any = (), **options: Any):
    layers = [mc.Flatten(), mc.Dense(1, activation="sigmoid")]
    model = mc.Sequential(layers, input_shape=(8, 8, 3))
    model.compile("sgd", loss, gradients=gradients)
    model.fit(data, verbose=0, **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda: {"data": pictures(batch_size=6)}, "batch_size .* 5, got 6"),
        (lambda: {"data": pictures(augment="classic")}, "augment .*fill='reflect'.*got .*nearest"),
        (lambda: {"data": pictures(augment=None)}, "augment .*got 'None'"),
        (lambda: {"data": pictures(augment=first)}, "augment .*got 'first'"),
        (lambda: {"data": pictures(seed=2)}, "seed of the order .* 1, got 2"),
        (lambda: {"data": pictures(shuffle=False)}, "shuffle .* True, got False"),
        (lambda: {"data": pictures(y=1 - PARITY)}, "labels"),
        (lambda: {"data": mc.data.Mixup(pictures(), seed=1)}, "mixup .*got"),
        (lambda: {"loss": "mean_squared_error"}, "loss .*BinaryCrossentropy.*MeanSquaredError"),
        (lambda: {"gradients": [mc.ClipNorm(1.0)]}, r"gradients .*ClipNorm\(limit=1.0\)"),
        (lambda: {"class_weight": {1: 2.0}}, r"class_weight .*'None', got '\[\(1, 2.0\)\]'"),
    ],
)
def test_with_as_many_steps_it_is_another_run_all_the_same(
    tmp_path: Path, change: Any, message: str
) -> None:
    path = tmp_path / "run.ckpt"
    begun = mc.data.Mixup(pictures()) if "mixup" in message else pictures()
    small_run(begun, callbacks=[mc.ModelCheckpoint(path)])
    small_run(begun, resume=path, epochs=2)
    with pytest.raises(mc.SavingError, match=f"cannot go on from here.*{message}"):
        small_run(**{"data": begun, "resume": path, "epochs": 2} | change())


def test_a_checkpoint_from_before_there_were_settings_can_go_on(saved: Path) -> None:
    document, arrays = sealed.read(saved)
    del document["training"]["settings"]
    sealed.write(saved, document, arrays)
    fit(new_model(), ArrayDataset(X, Y, BATCH, seed=3), resume=saved)
