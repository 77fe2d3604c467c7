from __future__ import annotations

import pytest

import minicnn as mc
from tests.training.callbacks.scripted import begun


def test_each_epoch_has_the_rate_that_the_schedule_says() -> None:
    callback = begun(mc.LearningRateScheduler(lambda epoch, rate: rate / (epoch + 1)), rate=6.0)
    found = []
    for epoch in range(3):
        callback.on_epoch_begin(epoch)
        found.append(callback.model.optimizer.learning_rate)
    assert found == [6.0, 3.0, 1.0]


def test_an_epoch_that_is_resumed_keeps_its_rate() -> None:
    first = begun(mc.LearningRateScheduler(lambda epoch, rate: rate / 2), rate=8.0)
    first.on_epoch_begin(0)
    second = begun(mc.LearningRateScheduler(lambda epoch, rate: rate / 2), rate=4.0)
    second.set_state(first.state())
    second.on_epoch_begin(0)
    assert second.model.optimizer.learning_rate == 4.0
    second.on_epoch_begin(1)
    assert second.model.optimizer.learning_rate == 2.0


def test_a_rate_that_is_none_is_an_error() -> None:
    callback = begun(mc.LearningRateScheduler(lambda epoch, rate: -1.0))
    with pytest.raises(mc.ConfigError, match="learning_rate"):
        callback.on_epoch_begin(0)


def test_a_schedule_of_the_optimizer_decides_alone() -> None:
    with pytest.raises(mc.ConfigError, match="which decides alone"):
        begun(mc.LearningRateScheduler(lambda epoch, rate: rate), rate=lambda step: 0.1)
