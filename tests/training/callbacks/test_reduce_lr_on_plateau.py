from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from tests.training.callbacks.scripted import begun, play


def rates(values: list[float], **options: Any) -> list[float]:
    """The learning rate after each epoch."""
    callback = begun(mc.ReduceLROnPlateau(**options), rate=1.0)
    found = []
    for value in values:
        play(callback, [value])
        found.append(callback.model.optimizer.learning_rate)
    return found


def test_it_reduces_after_patience_epochs_without_progress() -> None:
    expected = [1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.25]
    assert rates([3, 3, 3, 3, 3, 2, 2], factor=0.5, patience=2) == expected


def test_patience_waits_for_the_cooldown() -> None:
    # as in Keras, the epoch in which the cooldown ends counts already
    expected = [1.0, 0.5, 0.5, 0.25]
    assert rates([3, 3, 3, 3], factor=0.5, patience=1, cooldown=2) == expected


def test_it_never_falls_below_min_lr() -> None:
    assert rates([1] * 6, factor=0.5, patience=1, min_lr=0.3) == [1.0, 0.5, 0.3, 0.3, 0.3, 0.3]


@given(st.lists(st.integers(0, 5).map(float), max_size=12), st.integers(0, 12))
def test_a_resumed_one_goes_on_as_if_nothing_had_happened(values: list[float], cut: int) -> None:
    options: dict[str, Any] = {"factor": 0.5, "patience": 2, "cooldown": 1}
    whole, first = (begun(mc.ReduceLROnPlateau(**options)) for _ in range(2))
    play(whole, values)
    play(first, values[:cut])
    second = begun(mc.ReduceLROnPlateau(**options), first.model.optimizer.learning_rate)
    second.set_state(first.state())
    play(second, values[cut:])
    assert second.model.optimizer.learning_rate == whole.model.optimizer.learning_rate
    assert second.state() == whole.state()


def test_a_schedule_decides_alone() -> None:
    with pytest.raises(mc.ConfigError, match="which decides alone"):
        begun(mc.ReduceLROnPlateau(), rate=mc.CosineDecay(0.1, 10))


def test_arguments_are_checked() -> None:
    with pytest.raises(mc.ConfigError, match="factor"):
        mc.ReduceLROnPlateau(factor=1.0)
    with pytest.raises(mc.ConfigError, match="patience"):
        mc.ReduceLROnPlateau(patience=0)
