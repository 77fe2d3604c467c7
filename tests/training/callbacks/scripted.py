"""A model and a plan to try a callback on, with figures that the test writes."""

from __future__ import annotations

from typing import Any

import minicnn as mc

FIGURES = ["loss", "accuracy", "val_loss", "val_accuracy"]


def begun(callback: Any, rate: Any = 0.1, initial_epoch: int = 0) -> Any:
    """The callback at the beginning of a run of a small model."""
    model = mc.Sequential([mc.Dense(1)], input_shape=(2,))
    model.compile(mc.SGD(rate), "mean_squared_error")
    callback.model = model
    callback.on_train_begin(
        {"epochs": 99, "initial_epoch": initial_epoch, "steps": 1, "figures": FIGURES}
    )
    return callback


def play(callback: Any, values: Any, name: str = "val_loss", first: int = 0) -> None:
    """Give the callback an epoch for each value, until it has enough."""
    for epoch, value in enumerate(values, first):
        callback.on_epoch_begin(epoch)
        callback.model[0].params["b"][:] = epoch
        callback.on_epoch_end(epoch, {name: value})
        if callback.stop:
            break
