from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from tests.training.callbacks.scripted import begun, play

LOSSES = st.lists(st.integers(0, 9).map(float), min_size=1, max_size=12)


@given(LOSSES, st.integers(1, 4))
def test_it_stops_after_patience_and_puts_the_best_weights_back(
    losses: list[float], patience: int
) -> None:
    callback = begun(mc.EarlyStopping(patience=patience))
    play(callback, losses)
    seen = int(callback.model[0].params["b"][0]) + 1  # epochs until it stopped
    best = min(losses[:seen])
    assert callback.stop == (seen - 1 - losses.index(best) >= patience)
    assert callback.stop or seen == len(losses)
    callback.on_train_end()
    assert callback.best_epoch == losses.index(best)
    assert callback.model[0].params["b"][0] == losses.index(best)


@given(LOSSES, st.integers(1, 4), st.integers(0, 11))
def test_a_resumed_one_goes_on_as_if_nothing_had_happened(
    losses: list[float], patience: int, cut: int
) -> None:
    whole, first = (begun(mc.EarlyStopping(patience=patience)) for _ in range(2))
    play(whole, losses)
    play(first, losses[:cut])
    second = begun(mc.EarlyStopping(patience=patience))
    second.set_state(first.state())
    second.stop = first.stop
    if not second.stop:
        play(second, losses[cut:], first=min(cut, len(losses)))
    assert (second.stop, second.best_epoch) == (whole.stop, whole.best_epoch)
    for callback in (whole, second):
        callback.on_train_end()
    assert second.model[0].params["b"] == whole.model[0].params["b"]


def test_the_last_weights_can_be_kept() -> None:
    callback = begun(mc.EarlyStopping(patience=1, restore_best_weights=False))
    play(callback, [1.0, 2.0])
    callback.on_train_end()
    assert callback.model[0].params["b"][0] == 1


def test_a_second_run_begins_afresh() -> None:
    callback = begun(mc.EarlyStopping(patience=1))
    play(callback, [1.0, 2.0])
    begun(callback)
    assert (callback.monitor.best, callback.waited, callback.best_epoch) == (None, 0, None)


def test_patience_is_checked() -> None:
    with pytest.raises(mc.ConfigError, match="patience"):
        mc.EarlyStopping(patience=0)
