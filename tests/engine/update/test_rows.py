"""Rows of one parameter, moved by the rule that NumPy's backend knows, or by the optimizer."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.engine.memory.recording import Workspace
from minicnn.engine.update.rows import RowUpdate
from minicnn.optimizers.optimizer import SWEEP
from tests.engine.test_equality import OPTIMIZERS


def moved_by_rows(optimizer, p, g, height, step_by=Workspace):
    arrays = (p, *optimizer.slots_of("W", p))
    rate, step = optimizer.begin_step()
    update = RowUpdate(optimizer, arrays, height, rate, step)
    rates = np.array(update.rates, p.dtype)
    for start in range(0, len(p), height):
        rows = slice(start, start + height)
        update.move(rows, (update.scale * g[rows]).astype(p.dtype), rates, step_by())
        update.finish(rows)
    return update


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("height", [1, 7, 100])
def test_rows_end_where_the_whole_does(optimizer, dtype, height):
    one, two = (type(optimizer)(**optimizer.config()) for _ in range(2))
    rng = np.random.default_rng(0)
    p = rng.standard_normal((23, 11)).astype(dtype)
    q = p.copy()
    for _ in range(4):
        g = rng.standard_normal(p.shape).astype(dtype)
        one.apply({"W": p}, {"W": g.copy()})
        moved_by_rows(two, q, g, height)
    tolerance = 2e-6 if dtype == "f4" else 0
    np.testing.assert_allclose(q, p, rtol=0, atol=tolerance)
    for slot, values in one.memory["W"].items():
        np.testing.assert_allclose(two.memory["W"][slot], values, rtol=1e-4 if tolerance else 0)


def test_what_is_recorded_by_heart_does_not_hold_the_learning_rate():
    cases = set()
    for rate in (1e-3, 1e-4):
        optimizer = mc.RMSprop(rate)
        p = np.ones((4, 3), np.float32)
        update = moved_by_rows(optimizer, p, np.ones_like(p), 2)
        assert update.recorded
        cases.add(update.case)
    assert len(cases) == 1


def test_subnormal_memory_is_cleared_now_and_then():
    optimizer = mc.Adam(1e-3)
    p = np.ones((4, 3), np.float32)
    optimizer.slots_of("W", p)[0][...] = 1e-39
    for step in range(1, SWEEP + 1):
        moved_by_rows(optimizer, p, np.zeros_like(p), 2)
        assert optimizer.memory["W"]["m"].any() == (step < SWEEP)
