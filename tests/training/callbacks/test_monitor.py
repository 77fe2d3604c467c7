from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.training.callbacks.monitor import Monitor, direction

NUMBERS = st.floats(-1e6, 1e6) | st.just(math.nan)


@given(st.lists(NUMBERS), st.sampled_from(["min", "max"]))
def test_the_best_is_the_best_of_all_numbers(figures: list[float], mode: Any) -> None:
    monitor = Monitor("loss", mode)
    better = [figure for figure in figures if monitor.is_better(figure)]
    numbers = [figure for figure in figures if not math.isnan(figure)]
    choose = min if mode == "min" else max
    assert monitor.best == (choose(numbers) if numbers else None)
    assert better == sorted(set(better), reverse=mode == "min")


def test_a_better_figure_must_be_better_by_min_delta() -> None:
    monitor = Monitor("loss", min_delta=0.1)
    assert [monitor.is_better(v) for v in (1.0, 0.95, 0.89, 0.8)] == [True, False, True, False]


@pytest.mark.parametrize("name", ["loss", "val_loss", "mean_squared_error"])
def test_losses_should_fall(name: str) -> None:
    assert direction(name) == "min"


@pytest.mark.parametrize("name", ["accuracy", "val_auc", "f1", "val_precision", "recall"])
def test_shares_should_rise(name: str) -> None:
    assert direction(name) == "max"


def test_an_unknown_figure_needs_a_mode() -> None:
    with pytest.raises(mc.ConfigError, match=r"rise or fall .*, got 'val_dice'; say which"):
        Monitor("val_dice")
    assert Monitor("val_dice", "max").mode == "max"


def test_a_missing_figure_is_an_error_that_lists_what_there_is() -> None:
    monitor = Monitor("val_loss")
    message = "called 'val_loss' to monitor, got only loss, accuracy; give fit validation_data"
    with pytest.raises(mc.ConfigError, match=message):
        monitor.begin({"figures": ["loss", "accuracy"]})
    with pytest.raises(mc.ConfigError, match=message):
        monitor.figure({"loss": 1.0, "accuracy": 0.5})


def test_fit_says_so_before_it_trains() -> None:
    model = mc.Sequential([mc.Dense(1)], input_shape=(2,))
    model.compile("sgd", "mean_squared_error")
    before = model.get_weights()
    for callback in (
        mc.EarlyStopping(),
        mc.ReduceLROnPlateau(),
        mc.ModelCheckpoint("x", save="best"),
    ):
        with pytest.raises(mc.ConfigError, match="got only loss; give fit validation_data"):
            model.fit(np.ones((4, 2)), np.ones(4), callbacks=[callback], verbose=0)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


def test_a_table_cannot_be_monitored() -> None:
    with pytest.raises(mc.ConfigError, match="which is a table"):
        Monitor("confusion_matrix", "max").figure({"confusion_matrix": np.eye(2)})


def test_mode_and_min_delta_are_checked() -> None:
    with pytest.raises(mc.ConfigError, match="mode"):
        Monitor("loss", "up")  # type: ignore[arg-type]
    with pytest.raises(mc.ConfigError, match="min_delta"):
        Monitor("loss", min_delta=-1)
