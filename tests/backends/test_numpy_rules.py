"""The rules without temporaries are the optimizers' own lines, bit for bit."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.backends import Ops, ops_for
from minicnn.backends.numpy_rules import LARGEST, move


class Slow(Ops):
    """Backend operations that leave every rule to its own lines."""

    name = "slow"
    xp = np


@pytest.mark.parametrize(
    "optimizer",
    [
        mc.RMSprop(1e-2),
        mc.RMSprop(1e-2, momentum=0.9),
        mc.Adam(1e-2),
        mc.AdamW(1e-2),
        mc.SGD(1e-2),
        mc.SGD(1e-2, momentum=0.9),
        mc.SGD(1e-2, momentum=0.9, nesterov=True),
    ],
    ids=repr,
)
@pytest.mark.parametrize("shape", [(3,), (17, 5), (1000,)])
def test_the_same_bits_as_the_lines_of_the_optimizer(optimizer, shape):
    rng = np.random.default_rng(0)
    p = rng.standard_normal(shape).astype(np.float32)
    slots = tuple(np.zeros_like(p) for _ in optimizer.used_slots())
    by_lines = [a.copy() for a in (p, *slots)]
    for step in range(1, 4):
        g = rng.standard_normal(shape).astype(np.float32)
        optimizer.move(p, g, slots, 0.01, step, ops_for(p))
        optimizer.move(by_lines[0], g, tuple(by_lines[1:]), 0.01, step, Slow())
        for a, b in zip((p, *slots), by_lines, strict=True):
            np.testing.assert_array_equal(a, b)


def test_what_is_not_written_here_is_left_alone():
    p = np.ones(4, np.float32)
    numbers = (0.1, 0.9, 1e-7, 0.0, False)
    assert move("rmsprop", (p, p.copy(), p.copy()), numbers)
    before = p.copy()
    for arrays, its_numbers in [
        ((p, p, p), (0.1, 0.9, 1e-7, 0.5, False)),  # with momentum
        ((p, p.astype(np.float64), p), numbers),
        ((p[::2], p[::2], p[::2]), numbers),
    ]:
        assert not move("rmsprop", arrays, its_numbers)
    large = np.ones(LARGEST + 1, np.float32)
    assert not move("rmsprop", (large, large, large), numbers)
    assert not move("a rule of yours", (p, p, p), numbers)
    np.testing.assert_array_equal(p, before)
