"""A segment: every block once, straight to its place, and sums that no thread decides."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.engine import Engine, engine_options
from minicnn.engine.parts import segment
from tests.engine.parts.agreement import agrees, built


def network():
    layers = [mc.Conv2D(4, 3, activation="relu"), mc.MaxPool2D(2), mc.Conv2D(4, 3), mc.Tanh()]
    return built(mc.Chain(*layers), (16, 17, 3))


@pytest.mark.parametrize("block", [1, 2, 3, 5, 50])
def test_blocks_of_every_size(block):
    agrees(network(), n=7, block=block)


def test_more_blocks_than_partial_sums(monkeypatch):
    monkeypatch.setattr(segment, "MOST_SUMS", 3)
    agrees(network(), n=11, block=1)


def test_partial_sums_that_would_take_too_much_memory_are_fewer(monkeypatch):
    monkeypatch.setattr(segment, "MOST_SUM_MEMORY", 1)
    chain = network()
    with engine_options(block=1):
        _, cache = Engine(chain).forward(np.zeros((6, 16, 17, 3)), True)
    recordings, _ = cache.notes[0]
    assert recordings.kept.sums.count == 1
    assert len(recordings.kept.blocks) == 6


@pytest.mark.parametrize(
    "last",
    [
        [mc.Conv2D(4, 3)],
        [mc.Conv2D(20, 3, activation="relu"), mc.Flatten()],
        [mc.Conv2D(4, 1)],
        [mc.Residual(mc.Conv2D(4, 3, padding=1))],
        [mc.Concat(mc.Chain(), mc.Conv2D(4, 1)), mc.Flatten()],
        [mc.LeakyReLU()],
    ],
    ids=repr,
)
def test_the_last_part_writes_where_the_output_belongs(last):
    chain = built(mc.Chain(mc.Conv2D(4, 3), *last), (9, 8, 3))
    x = np.random.default_rng(0).standard_normal((4, 9, 8, 3))
    engine = Engine(chain)
    with engine_options(block=2, record=False):
        y, cache = engine.forward(x, True)
    recordings, _ = cache.notes[0]
    for block in recordings.kept.blocks:
        _, target = block.target
        assert np.shares_memory(target, recordings.kept.out[block.rows])
    np.testing.assert_allclose(y, chain.forward(x, True)[0], rtol=0, atol=1e-12)


def test_no_layers_cache_outlasts_the_backward_pass():
    """Not even of those that the walk back never comes to: nothing before them learns."""
    chain = built(mc.Chain(mc.Tanh(), mc.Dropout(0.3), mc.Conv2D(4, 3), mc.Tanh()), (9, 8, 3))
    engine = Engine(chain)
    for _ in range(3):
        y, cache = engine.forward(np.ones((4, 9, 8, 3)), True)
        recordings, _ = cache.notes[0]
        assert any(block.caches for block in recordings.kept.blocks)
        engine.backward(np.ones_like(y), cache)
        assert not any(block.caches for block in recordings.kept.blocks)
