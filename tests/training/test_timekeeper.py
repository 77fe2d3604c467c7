"""Where the time went is told part by part, and nobody's time is told twice."""

from __future__ import annotations

import numpy as np
import pytest

import minicnn as mc
from minicnn.data.dataset import Batch
from minicnn.training.timekeeper import Timekeeper

X, Y = np.zeros((10, 2)), np.zeros(10)


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on only when somebody says so."""
    now = [0.0]
    monkeypatch.setattr(Timekeeper.__init__, "__defaults__", (lambda: now[0],))
    return now


class Slow:
    """A data set whose batches take 1 s each, and 3 s in validation."""

    def __init__(self, clock, seconds):
        self.clock, self.seconds = clock, seconds

    def __len__(self):
        return 2

    def epoch(self, epoch):
        for part in (slice(0, 6), slice(6, 10)):
            self.clock[0] += self.seconds
            yield Batch(X[part], Y[part])


class Takes(mc.Callback):
    def __init__(self, clock):
        self.clock = clock

    def on_epoch_begin(self, epoch):
        self.clock[0] += 100

    def on_batch_end(self, step, logs):
        self.clock[0] += 10

    def on_epoch_end(self, epoch, logs):
        self.clock[0] += 1000


def model(clock):
    class Loss(mc.MeanSquaredError):
        def each(self, y_pred, y_true, ops):
            clock[0] += 0.25
            return super().each(y_pred, y_true, ops)

    it = mc.Sequential([mc.Dense(1)], input_shape=(2,))
    it.compile("sgd", Loss())
    return it


def test_each_part_gets_its_seconds(clock):
    it = model(clock)
    it.fit(Slow(clock, 1), epochs=2, validation_data=Slow(clock, 3), verbose=0,
           callbacks=[Takes(clock)])  # fmt: skip
    epochs = it.trainer.run.timekeeper.epochs
    assert [times.epoch for times in epochs] == [0, 1]
    for times in epochs:
        assert times.waiting == 2 * 1
        assert times.steps == 2 * 0.25
        assert times.validation == 2 * 3 + 2 * 0.25
        assert times.callbacks == 100 + 2 * 10 + 1000
        assert times.samples == 10
        assert times.total == times.waiting + times.steps + times.validation + times.callbacks
        assert times.speed == 10 / 2.5


def test_a_failure_is_timed_and_told_to_callbacks_only_at_the_end(clock):
    class Hear(mc.Callback):
        def on_train_end(self):
            self.ended_by = self.model.trainer.run.ended_by

    class Broken(Slow):
        def epoch(self, epoch):
            yield Batch(X, Y)
            if epoch:
                self.clock[0] += 5
                raise OSError("gone")

    it, hear = model(clock), Hear()
    with pytest.raises(OSError, match="gone") as failure:
        it.fit(Broken(clock, 0), epochs=2, verbose=0, callbacks=[hear])
    assert hear.ended_by is failure.value
    assert it.trainer.run.timekeeper.epochs[1].waiting == 5
    assert it.trainer.run.ended_by is None
    it.fit(X, Y, verbose=0, callbacks=[hear])
    assert hear.ended_by is None


def test_batches_that_are_not_asked_for_are_not_waited_for(clock):
    closed = []

    def batches():
        try:
            while True:
                yield Batch(X, Y)
        finally:
            closed.append(True)

    watch = Timekeeper()
    watch.begin(0)
    for _ in watch.waiting(batches()):
        break
    assert closed == [True]  # threads that prepare more are sent home at once
