from __future__ import annotations

import numpy as np
import pytest

import minicnn as mc


def fit(*callbacks: mc.Callback) -> tuple[mc.Sequential, mc.History]:
    """The third batch of the second epoch breaks the loss."""
    model = mc.Sequential([mc.Dense(4, name="first"), mc.Dense(1)], input_shape=(2,))
    model.compile("sgd", "mean_squared_error")

    class Break(mc.Callback):
        def on_batch_end(self, step: int, logs: object) -> None:
            if self.model.trainer.run.epoch == 1 and step == 1:
                self.model["first"].params["W"][:] = np.nan

    history = model.fit(np.ones((8, 2)), np.ones(8), 2, 3, callbacks=[*callbacks, Break()])
    return model, history


def test_without_it_the_error_names_epoch_step_and_layer() -> None:
    with pytest.raises(mc.NotFiniteError, match=r"epoch 2, step 3: .* first \(Dense, layer 1 of 2"):
        fit()


def test_with_it_the_history_is_kept() -> None:
    callback = mc.TerminateOnNaN()
    with pytest.warns(RuntimeWarning, match=r"training ended: epoch 2, step 3: .* first \(Dense"):
        _, history = fit(callback)
    assert history.epochs == [0]
    assert np.isfinite(history.history["loss"]).all()
    assert "first (Dense" in str(callback.error)


def test_early_stopping_then_puts_the_best_weights_back() -> None:
    with pytest.warns(RuntimeWarning, match="training ended"):
        model, _ = fit(mc.EarlyStopping("loss"), mc.TerminateOnNaN())
    assert all(np.isfinite(w).all() for w in model.get_weights())
