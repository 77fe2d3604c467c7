from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minicnn as mc
from minicnn.data.arrays import ArrayDataset

RNG = np.random.default_rng(0)
X = RNG.random((64, 4)).astype(np.float32)
Y = X @ np.array([1.0, -2.0, 3.0, 0.5], np.float32)


def trained(optimizer: Any) -> mc.Sequential:
    model = mc.Sequential([mc.BatchNorm(), mc.Dense(1)], input_shape=(4,))
    model.compile(optimizer, "mean_squared_error")
    model.fit(X, Y, verbose=0)
    return model


def test_the_rates_climb_by_equal_factors() -> None:
    found = mc.LearningRateFinder(1e-5, 1e-3, steps=21).search(trained("sgd"), X, Y, 8)
    np.testing.assert_allclose(found.rates, np.geomspace(1e-5, 1e-3, 21))
    assert len(found.losses) == 21


def test_it_finds_a_rate_that_learns_and_ends_when_the_loss_explodes() -> None:
    model = trained(mc.SGD(1e-9))
    found = mc.LearningRateFinder(1e-4, 1e4, steps=60).search(model, ArrayDataset(X, Y, 8))
    assert len(found.rates) < 60
    assert 1e-3 < found.suggestion < 1
    model.optimizer.learning_rate = found.suggestion
    losses = model.fit(X, Y, 8, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2


def test_the_model_and_its_optimizer_are_put_back() -> None:
    searched, left_alone = trained(mc.Adam(0.01)), trained(mc.Adam(0.01))
    mc.LearningRateFinder(highest=100.0, steps=30).search(searched, X, Y, 8)
    for model in (searched, left_alone):
        model.fit(X, Y, epochs=2, verbose=0)
    for one, other in zip(searched.get_weights(), left_alone.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert searched.optimizer.learning_rate == 0.01


def test_a_loss_that_breaks_down_at_once_has_no_suggestion() -> None:
    model = trained("sgd")
    found = mc.LearningRateFinder(steps=5).search(model, np.full((8, 4), np.nan), np.ones(8))
    with pytest.raises(mc.ConfigError, match="broke down at once"):
        _ = found.suggestion


def test_arguments_are_checked() -> None:
    with pytest.raises(mc.ConfigError, match="lowest"):
        mc.LearningRateFinder(1.0, 0.1)
    with pytest.raises(mc.ConfigError, match="steps"):
        mc.LearningRateFinder(steps=1)


def test_the_figure() -> None:
    figure = mc.viz.learning_rates(mc.LearningRates([0.01, 0.1, 1.0], [3.0, 1.0, 9.0]))
    (axes,) = figure.axes
    assert axes.get_xscale() == "log"
    assert axes.lines[0].get_xdata().tolist() == [0.01, 0.1, 1.0]
    assert axes.lines[1].get_xdata() == [0.01, 0.01]


class Dry:
    """Promises batches, and has some in its first epoch only."""

    def __init__(self, batches: int) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return 1

    def epoch(self, epoch: int) -> Any:
        for _ in range(self.batches if epoch == 0 else 0):
            yield from ArrayDataset(X, Y, 64).epoch(0)


@pytest.mark.parametrize("batches", [0, 2])
def test_a_data_set_that_gives_nothing_is_one_clear_error(batches: int) -> None:
    model = trained("sgd")
    before = model.get_weights()
    with pytest.raises(
        mc.DataError, match=f"at least one batch, got none in epoch {1 + batches // 2}"
    ):
        mc.LearningRateFinder(steps=5).search(model, Dry(batches))
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
