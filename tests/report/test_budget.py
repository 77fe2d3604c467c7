"""A report takes a fiftieth of the time, whatever a page costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicnn.report.budget import SHARE, Budget


@given(st.floats(0.001, 10), st.floats(0.001, 50))
def test_what_it_costs_is_a_fiftieth(cost, step):
    now, spent, written = [0.0], 0.0, 0
    budget = Budget(clock=lambda: now[0])
    for _ in range(2000):
        now[0] += step
        if budget.due():
            with budget.spending():
                now[0] += cost
            spent, written = spent + cost, written + 1
    assert spent - cost <= SHARE * now[0] * 1.0001  # the first one is free
    assert written >= min(2000, 0.9 * now[0] / (cost / SHARE + step + cost)) - 1


def test_a_guess_holds_back_the_first_time_and_a_least_time_every_time():
    now = [100.0]
    budget = Budget(clock=lambda: now[0])
    budget.cost = 5
    assert not budget.due()
    now[0] += 5 / SHARE
    assert budget.due()
    assert not budget.due(at_least=5 / SHARE + 1)


def test_a_failure_costs_its_time_too():
    now = [0.0]
    budget = Budget(clock=lambda: now[0])

    def fail():
        with budget.spending():
            now[0] += 2
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert budget.cost == 2
