"""Ctrl-C waits for the end of the step, and leaves something whole behind."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minicnn as mc
from minicnn.data.arrays import ArrayDataset
from minicnn.data.dataset import Batch
from minicnn.training.ctrl_c import CtrlC, Interrupted

RNG = np.random.default_rng(0)
X, Y = RNG.random((12, 3)).astype(np.float32), RNG.random(12).astype(np.float32)


class PressesCtrlC(ArrayDataset):
    """Ctrl-C is pressed while batch number ``at`` is asked for."""

    presses = 0
    at = 0

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        for step, batch in enumerate(super().epoch(epoch, start), start):
            if step == self.at:
                for _ in range(self.presses):
                    signal.raise_signal(signal.SIGINT)
            yield batch


def data(presses: int = 0, at: int = 0, shuffle: bool = True) -> PressesCtrlC:
    dataset = PressesCtrlC(X, Y, 4, shuffle)
    dataset.presses, dataset.at = presses, at
    return dataset


def fit(*, training: Any = None, validation: Any = None, **options: Any) -> tuple[Any, Any]:
    model = mc.Sequential([mc.Dense(3), mc.BatchNorm(), mc.Dense(1)], input_shape=(3,))
    model.compile("adam", "mean_squared_error")
    history = model.fit(
        training or data(),
        epochs=3,
        validation_data=validation or data(shuffle=False),
        verbose=0,
        **options,
    )
    return history, b"".join(w.tobytes() for w in model.get_weights())


@pytest.mark.parametrize("where", ["training", "validation"])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_run_that_was_interrupted_goes_on(tmp_path: Path, where: str, at: int) -> None:
    path = tmp_path / "run.ckpt"
    interrupted: dict[str, Any] = {where: data(1, at, shuffle=where == "training")}
    with pytest.raises(KeyboardInterrupt, match=r"the run is saved, go on .*run\.ckpt") as stop:
        fit(**interrupted, callbacks=[mc.ModelCheckpoint(path)])
    # The first batch of the validation data is looked at before the first step.
    step = at + 1 if where == "training" or at == 0 else 3
    assert f"training stopped in epoch 1, after step {step} of 3" in str(stop.value)
    assert fit(resume=path) == fit()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_without_a_checkpoint_it_says_that_nothing_was_saved() -> None:
    with pytest.raises(KeyboardInterrupt, match="the run was not saved"):
        fit(training=data(1))


def test_the_second_ctrl_c_does_not_wait_and_saves_nothing_half_done(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    with pytest.raises(KeyboardInterrupt) as stop:
        fit(training=data(2, at=1), callbacks=[mc.ModelCheckpoint(path)])
    assert str(stop.value) == ""
    assert not path.exists()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_the_program_is_left_alone() -> None:
    pressed = []
    before = signal.signal(signal.SIGINT, lambda *_: pressed.append(True))
    try:
        history, _ = fit(training=data(1))
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(pressed) == 3
    assert len(history.epochs) == 3


def test_a_thread_trains_without_signals() -> None:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(fit()))
    thread.start()
    thread.join()
    assert results == [fit()]


def test_an_old_request_does_not_stop_the_next_run() -> None:
    ctrl_c = CtrlC()
    with pytest.raises(Interrupted), ctrl_c:
        signal.raise_signal(signal.SIGINT)
    with ctrl_c:
        ctrl_c.may_stop_here()
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(Interrupted):
            ctrl_c.may_stop_here()


def test_an_evaluation_beside_the_run_does_not_take_its_ctrl_c() -> None:
    """Neither a callback's nor one of another thread: the run itself ends, between two steps."""
    model = mc.Sequential([mc.Dense(1)], input_shape=(3,))
    model.compile("sgd", "mean_squared_error")
    done: list[int] = []

    class Looks(mc.Callback):
        def on_batch_end(self, step: int, logs: dict[str, Any]) -> None:
            done.append(step)
            if step == 1:
                self.model.trainer.ctrl_c.asked = True
            with ThreadPoolExecutor(1) as thread:
                assert thread.submit(model.evaluate, X, Y).exception(60) is None
            model.evaluate(X, Y)

    with pytest.raises(KeyboardInterrupt, match="after step 2 of 3"):
        model.fit(X, Y, batch_size=4, epochs=2, callbacks=[Looks()], verbose=0)
    assert done == [0, 1]


def test_a_request_after_the_last_stop_is_granted_at_the_end() -> None:
    with pytest.raises(Interrupted), CtrlC():
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(ZeroDivisionError), CtrlC():
        1 / (signal.raise_signal(signal.SIGINT) or 0)  # an error has precedence
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("stderr", [None, "closed"])
def test_a_request_needs_nobody_who_listens(stderr: str | None, monkeypatch: Any) -> None:
    closed = StringIO()
    closed.close()
    monkeypatch.setattr("sys.stderr", None if stderr is None else closed)
    with pytest.raises(Interrupted), CtrlC():
        signal.raise_signal(signal.SIGINT)


def test_a_checkpoint_that_cannot_be_written_costs_no_other_one(tmp_path: Path) -> None:
    class Fails(mc.Callback):
        def on_interrupt(self) -> str | None:
            raise OSError("no room")

    path = tmp_path / "run.ckpt"
    with pytest.raises(OSError, match="no room") as failure:
        fit(training=data(1), callbacks=[Fails(), mc.ModelCheckpoint(path)])
    assert "the run is saved, go on with" in failure.value.__notes__[0]
    assert fit(resume=path) == fit()


def test_ctrl_c_in_the_step_that_breaks_is_not_forgotten() -> None:
    bad = data(1, at=1, shuffle=False)
    bad.x = bad.x.copy()
    bad.x[4] = np.nan
    with (
        pytest.warns(RuntimeWarning, match="step 2"),
        pytest.raises(KeyboardInterrupt, match="training had ended: epoch 1, step 2"),
    ):
        fit(training=bad, callbacks=[mc.TerminateOnNaN()])
