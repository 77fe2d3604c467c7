"""What is remembered of a weight that gets no gradient any more becomes zero, and no trap."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.backends import ops_for
from minicnn.optimizers.optimizer import SWEEP, clear_subnormals

TINY = np.finfo(np.float32).tiny
RULES = [
    mc.SGD(0.1, momentum=0.9),
    mc.RMSprop(1e-3, momentum=0.9, centered=True),
    mc.Adam(1e-3),
    mc.AdamW(1e-3),
]


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_no_subnormal_number_outlives_a_sweep(rule):
    optimizer = type(rule)(**rule.config())
    p = {"W": np.ones(100, np.float32)}
    optimizer.apply(p, {"W": np.linspace(-1e-12, 1e-12, 100, dtype=np.float32)})
    met = 0
    for step in range(2, 30 * SWEEP + 1):
        optimizer.apply(p, {"W": np.zeros(100, np.float32)})
        sizes = np.abs(np.concatenate(list(optimizer.memory["W"].values())))
        subnormal = (sizes > 0) & (sizes < TINY)
        met += subnormal.sum()
        if step % SWEEP == 0:
            assert not subnormal.any()
    assert met  # they would have been there


def test_a_sweep_leaves_all_others_alone():
    rng = np.random.default_rng(0)
    slots = rng.standard_normal((2, 50)).astype(np.float32) * 1e-30
    slots[0, 7], slots[1, 8] = 1e-40, TINY
    swept = slots.copy()
    clear_subnormals(tuple(swept), ops_for(swept))
    assert swept[0, 7] == 0
    slots[0, 7] = 0
    np.testing.assert_array_equal(swept, slots)
