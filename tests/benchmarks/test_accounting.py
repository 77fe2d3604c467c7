"""Shapes, weights and multiply-adds of the workloads."""

from math import prod

import numpy as np
import pytest

import minicnn as mc
from benchmarks.arena.accounting import (
    draw_weights,
    multiply_adds,
    shape_after_all,
    walk,
    weight_shapes,
)
from benchmarks.arena.opponents.minicnn_ import build
from benchmarks.arena.workloads import WORKLOADS, Conv, Dense, Workload, mission


@pytest.mark.parametrize("name", WORKLOADS)
def test_minicnn_builds_the_network_that_is_accounted_for(name: str) -> None:
    work = WORKLOADS[name](2, None)
    model = mc.Sequential(build(work.layers), input_shape=work.input_shape, seed=0)
    assert [w.shape for w in model.get_weights()] == weight_shapes(work)
    assert model.output_shape == shape_after_all(work.layers, work.input_shape)


def test_the_mission_network_is_the_zoos() -> None:
    assert sum(map(prod, weight_shapes(mission()))) == mc.zoo.catdog().count_params() == 9_494_561


def test_multiply_adds_of_a_network_small_enough_to_count_by_hand() -> None:
    work = Workload("tiny", (4, 4, 2), 1, (Conv(3, 3), Dense(5, relu=False)), batch=7)
    # The convolution: 2×2 places, 3 filters, 3·3·2 products each.
    conv, after_it = 4 * 3 * 18, walk(work.layers, work.input_shape)
    assert [shape for _, shape in after_it] == [(4, 4, 2), (2, 2, 3)]
    flat = Workload("flat", (1, 1, 6), 1, (Conv(4, 1), Conv(3, 1)), batch=1)
    assert multiply_adds(flat, "predict") == 6 * 4 + 4 * 3
    assert multiply_adds(flat, "train") == 2 * 6 * 4 + 3 * 4 * 3
    only_conv = Workload("conv", (4, 4, 2), 1, (Conv(3, 3),), batch=7)
    assert multiply_adds(only_conv, "predict") == 7 * conv


def test_the_mission_takes_seven_gigaflops_a_step() -> None:
    assert 2 * multiply_adds(mission(), "train") == pytest.approx(7.3e9, rel=0.01)


@pytest.mark.parametrize("name", WORKLOADS)
def test_weights_are_the_same_for_everybody(name: str) -> None:
    work = WORKLOADS[name](1, None)
    first, again = draw_weights(work), draw_weights(work)
    assert [w.shape for w in first] == weight_shapes(work)
    assert all(w.dtype == np.float32 for w in first)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_a_moving_variance_is_positive() -> None:
    work = WORKLOADS["resnet"](1, None)
    kernel, _gamma, _beta, _mean, variance = draw_weights(work)[:5]
    assert kernel.ndim == 4
    assert (variance > 0).all()
