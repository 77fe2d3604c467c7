"""What the arena says about raw results."""

import json

import pytest

from benchmarks.arena.summary import (
    disturbance,
    duels,
    gemm_rate,
    judge,
    memory_ratio,
    standings,
    summarize,
    verdicts,
)
from tests.benchmarks.results import bout, run


def test_the_better_variant_of_a_family_counts() -> None:
    pytorch, keras = duels(run()["headline"][0])
    assert (pytorch.family, pytorch.entry) == ("PyTorch", "pytorch-channels-last")
    assert (keras.family, keras.entry) == ("Keras", "keras-graph")
    assert pytorch.ratio.median == pytest.approx(0.75)
    assert keras.ratio.median == pytest.approx(1.5)


def test_a_round_in_which_everything_is_slow_does_not_blur_a_ratio() -> None:
    pytorch, _ = duels(run()["headline"][0])
    assert pytorch.ratio.low == pytest.approx(pytorch.ratio.high)


def test_without_minicnn_there_is_no_duel() -> None:
    assert duels(bout("train", {"pytorch": 1.0, "keras-xla": 2.0})) == []


def test_images_a_second_and_share_of_the_gemm_rate() -> None:
    record = bout("train", {"minicnn": 50.0})
    (standing,) = standings(record)
    assert gemm_rate(record) == pytest.approx(100e9)
    assert standing.images_per_second == pytest.approx(20 / 0.05)
    assert standing.share_of_gemm == pytest.approx(2e9 / 0.05 / 100e9)


def test_memory_is_compared_with_the_leanest_of_the_family() -> None:
    assert memory_ratio(run()["first_steps"], "Keras") == 0.5
    assert memory_ratio(run()["first_steps"], "PyTorch") is None


@pytest.mark.parametrize(
    ("value", "word"), [(0.69, "moonshot"), (0.7, "moonshot"), (0.9, "goal"), (0.91, "short")]
)
def test_a_verdict_at_its_borders(value: float, word: str) -> None:
    assert judge(value, goal=0.9, moonshot=0.7) == word


def test_strangers_are_counted_in_cores() -> None:
    results = run()
    results["headline"][0]["outside_cpu_seconds"] = 9.9  # of 20 s of turns, and 0.1 in the other
    assert disturbance(results) == pytest.approx(0.5)


def test_every_goal_that_was_measured_has_its_verdict() -> None:
    words = {verdict.what: verdict.word for verdict in verdicts(run())}
    assert words == {
        "train / PyTorch": "goal",
        "train / Keras": "short",
        "predict / PyTorch": "moonshot",
        "predict / Keras": "goal",
        "memory / Keras": "goal",
        "share of GEMM rate": "goal",
    }


def test_the_summary_survives_json() -> None:
    summary = summarize(run())
    assert json.loads(json.dumps(summary)) == summary
    assert len(summary["bouts"]) == 3
