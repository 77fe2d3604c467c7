"""The statistics of the arena against NumPy and against arithmetic done by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.arena import ratios

times = st.floats(1e-6, 1e3)
rounds = st.lists(st.lists(times, min_size=1, max_size=5), min_size=1, max_size=6)


@given(st.lists(times, min_size=1, max_size=20), st.floats(0, 1))
def test_quantile_is_numpys(values: list[float], q: float) -> None:
    assert ratios.quantile(values, q) == pytest.approx(np.quantile(values, q), rel=1e-12)


@given(st.lists(times, min_size=1, max_size=20))
def test_the_quartiles_enclose_the_median(values: list[float]) -> None:
    s = ratios.spread(values)
    assert s.low <= s.median <= s.high


@given(rounds, st.floats(0.01, 100))
def test_a_machine_that_slows_for_a_round_leaves_the_ratio_alone(
    theirs: list[list[float]], factor: float
) -> None:
    """Each round has its own speed here; what is constant within a round is all that counts."""
    ours = [[factor * s for s in steps] for steps in theirs]
    r = ratios.ratio(ours, theirs)
    assert (r.low, r.median, r.high) == pytest.approx((factor,) * 3, rel=1e-9)


def test_a_ratio_is_taken_inside_its_round() -> None:
    ours, theirs = [[1.0], [4.0], [6.0]], [[2.0], [4.0], [3.0]]  # ratios 0.5, 1, 2
    r = ratios.ratio(ours, theirs)
    assert (r.low, r.median, r.high) == (0.75, 1.0, 1.5)
    assert ratios.ratio_of_medians(ours, theirs) == 4 / 3


def test_rounds_that_do_not_pair_up_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        ratios.ratio([[1.0]], [[1.0], [2.0]])


def test_the_fastest_is_judged_by_its_median() -> None:
    lucky_once, steady = [[0.1, 9.0, 9.0]], [[2.0, 2.0, 2.0]]
    assert ratios.fastest({"lucky": lucky_once, "steady": steady}) == "steady"


def test_share_of_peak_counts_two_operations_a_multiply_add() -> None:
    assert ratios.share_of_peak(multiply_adds=50, seconds=2.0, peak_flops=100.0) == 0.5
