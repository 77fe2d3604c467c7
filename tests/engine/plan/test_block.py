"""A block: where its parts write, and how gradients become partial sums."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.engine.memory.buffers import Buffers
from minicnn.engine.memory.recording import Workspace
from minicnn.engine.plan.block import Block, PartialSums, param, renewed, size_of


class Numbered:
    def __init__(self, number):
        self.number = number


@pytest.fixture
def block():
    return Block(slice(3, 7), Buffers())


def test_what_is_kept_outlasts_the_workspace(block):
    part = Numbered(1)
    kept = block.room(part, "y", (4, 2), np.float32, keep=True)
    passing = block.room(part, "y", (4, 2), np.float32)
    assert not np.may_share_memory(kept, passing)
    block.workspace = Workspace()
    assert block.room(part, "y", (4, 2), np.float32, keep=True) is kept
    assert block.room(part, "y", (4, 2), np.float32) is not passing


def test_the_last_part_writes_where_the_result_belongs(block):
    out = np.empty((4, 2), np.float32)
    block.target = 2, out
    assert block.result(Numbered(2), (4, 2), np.float32, keep=True) is out
    assert block.result(Numbered(1), (4, 2), np.float32, keep=True) is not out


def test_layers_draw_by_the_samples_place_in_the_batch(block):
    assert block.moment is False
    block.training = mc.Moment(5, 2, 9)
    assert block.moment == mc.Moment(5, 2, 9).at_sample(3)


def test_a_layers_cache_is_dropped_when_it_has_been_used(block):
    block.caches[1] = "cache"
    assert block.cache_of(Numbered(1)) == "cache"
    assert block.caches == {}


@pytest.mark.parametrize("recorded", [True, False])
def test_each_partial_sum_adds_its_own_blocks(block, recorded):
    block.sums = PartialSums(Buffers(), 2)
    for partial, is_first, value in (
        (0, True, 1.0),
        (1, True, 10.0),
        (0, False, 2.0),
        (1, False, 20.0),
    ):
        block.partial, block.is_first = partial, is_first
        block.add_gradient("W", np.full(3, value), recorded)
    np.testing.assert_array_equal(block.sums.by_path["W"], [[3.0] * 3, [30.0] * 3])


def test_what_is_renewed_stays_where_it_is():
    first = renewed(None, np.arange(6.0).reshape(2, 3).T)
    assert first.flags.c_contiguous
    again = renewed(first, np.ones((3, 2)))
    assert again is first
    np.testing.assert_array_equal(first, 1)


def test_a_parameter_in_the_computations_dtype():
    layer = mc.Dense(2)
    layer.build((3,), np.random.default_rng(0))
    assert param(layer, "W", np.dtype(np.float32)) is layer.params["W"]
    assert param(layer, "W", np.dtype(np.float64)).dtype == np.float64


def test_size_of_a_shape():
    assert (size_of((2, 3)), size_of(()), size_of(None)) == (6, 1, 1)
