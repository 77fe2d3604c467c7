"""A batch shared out: each share asks for the totals, waits, and gets those of the whole."""

import threading
from itertools import pairwise

import numpy as np
import pytest

import minicnn as mc
from minicnn.engine import Engine, PlainEngine, engine_options
from minicnn.engine.plan.totals import Totals
from tests.engine.test_equality import close
from tests.narrow import needs_threads


class Meeting(Totals):
    """Figures of several shares: each waits until all have told theirs."""

    def __init__(self, shares):
        self.barrier = threading.Barrier(shares, timeout=60)
        self.told = {}
        self.here = threading.local()

    def join(self, place):
        self.here.place = place

    def _all(self, figures):
        self.told[self.here.place] = figures
        self.barrier.wait()
        told = [self.told[place] for place in sorted(self.told)]
        self.barrier.wait()
        return told

    def moments(self, count, mean, var):
        told = self._all((count, mean, var))
        N = sum(n for n, _, _ in told)
        whole = sum(n * m for n, m, _ in told) / N
        return whole, sum(n * (v + (m - whole) ** 2) for n, m, v in told) / N

    def sums(self, count, sums):
        told = self._all((count, sums))
        return sum(n for n, _ in told), sum(s for _, s in told)


def network():
    chain = mc.Chain(
        mc.Conv2D(4, 3),
        mc.BatchNorm(),
        mc.ReLU(),
        mc.Residual(mc.Chain(mc.Conv2D(4, 3, padding="same"), mc.BatchNorm())),
        mc.Flatten(),
        mc.Dense(2),
    )
    chain.build((9, 8, 3), np.random.default_rng(0))
    return chain.astype("float64")


@needs_threads
@pytest.mark.parametrize("cuts", [(0, 4, 7), (0, 1, 2, 7)], ids=repr)
def test_shares_of_a_batch_are_the_batch(cuts):
    """Forward, backward, running figures; the gradients are summed before anybody moves by them."""
    chain = network()
    rng = np.random.default_rng(1)
    x, dy = rng.standard_normal((7, 9, 8, 3)), rng.standard_normal((7, 2))
    expected, plain_cache = PlainEngine(chain).forward(x, True)
    expected_grads = PlainEngine(chain).backward(dy, plain_cache)
    shares = [slice(a, b) for a, b in pairwise(cuts)]
    meeting, found = Meeting(len(shares)), {}

    def share(place, rows):
        meeting.join(place)
        engine = Engine(chain)
        for _ in range(3):  # the last two from recordings
            y, cache = engine.forward(x[rows], True, meeting)
            grads = engine.backward(dy[rows], cache)
            found[place] = y, grads, engine.next_state(cache)

    threads = [threading.Thread(target=share, args=pair) for pair in enumerate(shares)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    close(np.concatenate([found[place][0] for place in range(len(shares))]), expected)
    for path, gradient in expected_grads.items():
        total = sum(found[place][1][path] for place in range(len(shares)))
        close(total, gradient, 1e-10, at_least=1)
    for _, _, state in found.values():
        for path, value in chain.next_state(plain_cache).items():
            close(state[path], value)


def test_without_totals_each_share_would_be_another_batch():
    chain = network()
    x = np.random.default_rng(1).standard_normal((6, 9, 8, 3))
    whole, _ = Engine(chain).forward(x, True)
    half, _ = Engine(chain).forward(x[:3], True)
    assert not np.allclose(half, whole[:3], rtol=1e-3)


def test_one_process_has_all_of_it():
    mean, var = np.ones(2), np.ones(2)
    assert Totals().moments(5, mean, var) == (mean, var)
    count, sums = Totals().sums(5, mean)
    assert (count, sums is mean) == (5, True)


def test_the_plain_loop_takes_no_shares():
    x = np.zeros((3, 9, 8, 3))
    with engine_options(plain=True), pytest.raises(mc.ConfigError, match="a share of one"):
        Engine(network()).forward(x, True, Meeting(2))


class OwnFigures(mc.BatchNorm):
    def next_state(self, cache):
        return super().next_state(cache)


@pytest.mark.parametrize(
    ("norm", "options"), [(mc.BatchNorm, {"fast_norm": False}), (OwnFigures, {})]
)
def test_a_layer_that_asks_for_no_totals_takes_no_shares(norm, options):
    chain = mc.Chain(mc.Conv2D(4, 3), norm(name="norm"), mc.Flatten(), mc.Dense(2))
    chain.build((9, 8, 3), np.random.default_rng(0))
    x = np.zeros((3, 9, 8, 3), np.float32)
    with engine_options(**options):
        Engine(chain).forward(x, True)
        with pytest.raises(mc.ConfigError, match="totals, got norm, which"):
            Engine(chain).forward(x, True, Totals())
