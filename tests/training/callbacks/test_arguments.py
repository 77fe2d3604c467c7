"""Arguments of callbacks that make no sense are one clear error, before anything is trained."""

from __future__ import annotations

from typing import Any

import pytest

import minicnn as mc

WRONG: dict[str, Any] = {
    "patience that is a text": lambda: mc.EarlyStopping(patience="3"),
    "half an epoch": lambda: mc.EarlyStopping(patience=2.5),
    "min_delta that is a text": lambda: mc.EarlyStopping(min_delta="a"),
    "factor that is a text": lambda: mc.ReduceLROnPlateau(factor="a"),
    "patience of nothing": lambda: mc.ReduceLROnPlateau(patience=0),
    "cooldown below 0": lambda: mc.ReduceLROnPlateau(cooldown=-1),
    "min_lr below 0": lambda: mc.ReduceLROnPlateau(min_lr=-1),
    "half a step": lambda: mc.ModelCheckpoint("x", every_steps=2.5),
    "epochs that are a text": lambda: mc.ModelCheckpoint("x", every_epochs="1"),
    "a rate that is a text": lambda: mc.LearningRateFinder("a"),
    "half a try": lambda: mc.LearningRateFinder(steps=2.5),
    "a rate without end": lambda: mc.LearningRateFinder(highest=float("inf")),
    "a schedule that is a number": lambda: mc.LearningRateScheduler(3),
    "a schedule of the epoch alone": lambda: mc.LearningRateScheduler(lambda epoch: 0.1),
}


@pytest.mark.parametrize("make", WRONG.values(), ids=WRONG.keys())
def test_it_is_one_clear_error(make: Any) -> None:
    with pytest.raises(mc.ConfigError, match=r"expected .*got"):
        make()


def test_the_finder_needs_batches() -> None:
    model = mc.Sequential([mc.Dense(1)], input_shape=(2,))
    model.compile("sgd")

    class Empty:
        def __len__(self) -> int:
            return 0

        def epoch(self, epoch: int) -> Any:
            return iter(())

    for nothing in (Empty(), [[1.0, 2.0]]):
        with pytest.raises(mc.ConfigError, match="expected arrays x and y, or a data set"):
            mc.LearningRateFinder(steps=3).search(model, nothing)
