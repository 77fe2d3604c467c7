"""The gate lets equal work through and nothing else."""

import math
from typing import Any

import pytest

from benchmarks.arena.gate import differences
from benchmarks.arena.opponents import Entry

HERE, THERE = Entry("here", "x"), Entry("there", "y")
TORCHLIKE = Entry("torchlike", "z", own_rmsprop=True)


def answer(p: float = 0.3, first: float = 0.7, second: float = 10.0) -> dict[str, Any]:
    return {"predictions": [[0.5], [p]], "losses": [first, second]}


def test_equal_answers_pass() -> None:
    assert differences([(HERE, answer()), (THERE, answer()), (TORCHLIKE, answer())]) == []


def test_rounding_passes() -> None:
    near = answer(0.3 + 1e-6, 0.7 + 1e-6, 10.001)
    assert differences([(HERE, answer()), (THERE, near)]) == []


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (answer(p=0.31), "predictions"),
        (answer(first=0.71), "loss 1"),
        (answer(second=10.1), "loss 2"),
        (answer(p=math.nan), "predictions"),
        (answer(second=math.nan), "loss 2"),
    ],
)
def test_another_computation_does_not(wrong: dict[str, Any], word: str) -> None:
    (complaint,) = differences([(HERE, answer()), (THERE, wrong)])
    assert word in complaint
    assert "there against here" in complaint


def test_another_rmsprop_may_step_further_but_must_step() -> None:
    assert differences([(HERE, answer()), (TORCHLIKE, answer(second=13.0))]) == []
    assert differences([(HERE, answer()), (TORCHLIKE, answer(second=0.7))]) != []
