"""Where gradients go: to whoever asked, or into the optimizer's step, whole or in pieces."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.engine import engine_options
from minicnn.engine.update.gradients import PIECE, Gradients, Update, in_pieces
from tests.engine.test_equality import OPTIMIZERS

SHAPES = {"small": (3, 4), "large": (700, 300), "long": (PIECE + 5,)}


def drawn(dtype, seed=0):
    rng = np.random.default_rng(seed)
    return {path: rng.standard_normal(shape).astype(dtype) for path, shape in SHAPES.items()}


def again(optimizer):
    return type(optimizer)(**optimizer.config())


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
@pytest.mark.parametrize("threads", [1, 3])
def test_an_update_in_pieces_is_the_optimizers_own(optimizer, threads):
    """To the bit in float64, where every rule goes by its own lines."""
    one, two, params, others = again(optimizer), again(optimizer), drawn("f8"), drawn("f8")
    mc.set_threads(threads)
    try:
        for step in range(3):
            grads = drawn("f8", step + 1)
            one.apply(params, grads)
            update = Update(two, others, list(SHAPES))
            for path, gradient in grads.items():
                update.put(path, gradient)
            update.finish()
    finally:
        mc.set_threads(None)
    for path, p in params.items():
        np.testing.assert_array_equal(others[path], p)
    assert two.step_count == 3


def test_nobody_moves_what_is_frozen():
    params, optimizer = drawn("f4"), mc.SGD(0.1)
    before = {path: p.copy() for path, p in params.items()}
    update = Update(optimizer, params, ["small"])
    for path, gradient in drawn("f4", 1).items():
        update.put(path, gradient)
    assert update.update_of("large", 10) is None
    update.finish()
    moved = [path for path, p in params.items() if not np.array_equal(p, before[path])]
    assert moved == ["small"]


def test_arrays_that_lie_in_no_order_are_moved_whole():
    W, g = np.ones((300, 700), np.float32).T, np.ones((300, 700), np.float32).T
    params = {"W": W}
    update = Update(mc.SGD(0.5), params, ["W"])
    assert update.update_of("W", 10) is None
    update.put("W", g)
    update.finish()
    np.testing.assert_array_equal(W, 0.5)


def test_whoever_only_collects_uses_nothing_up():
    gradients = Gradients()
    assert gradients.update_of("W", 10) is None
    gradients.put("W", np.ones(3))
    assert list(gradients.found) == ["W"]


def test_switches():
    assert in_pieces(mc.Adam())
    with engine_options(split_update=False):
        assert not in_pieces(mc.Adam())
    with engine_options(fused_update=False):
        assert Update(mc.Adam(), drawn("f4"), ["large"]).update_of("large", 10) is None
    assert Update(mc.Adam(), drawn("f4"), ["large"]).update_of("large", 10) is not None


@pytest.mark.parametrize("name", ["apply", "move", "begin_step"])
def test_an_optimizer_that_moves_in_its_own_way_is_never_passed_by(name):
    own = type("Own", (mc.SGD,), {name: getattr(mc.SGD, name)})
    assert in_pieces(own(0.1))
    changed = {name: lambda self, *arguments: getattr(mc.SGD, name)(self, *arguments)}
    assert not in_pieces(type("Changed", (mc.SGD,), changed)(0.1))
    optimizer = mc.SGD(0.1)
    setattr(optimizer, name, lambda *arguments: None)
    assert not in_pieces(optimizer)


def test_an_optimizer_whose_move_does_nothing_leaves_a_large_dense_where_it_is():
    class Still(mc.SGD):
        def move(self, p, g, slots, lr, step, ops):
            pass

    model = mc.Sequential([mc.Dense(600), mc.Dense(3)], input_shape=(256,), seed=0)
    model.compile(Still(0.1), "mse")
    before = model.get_weights()
    model.train_on_batch(np.ones((8, 256), np.float32), np.ones((8, 3)))
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_step_counts_when_it_is_done():
    optimizer, params = mc.SGD(0.1), drawn("f4")
    update = Update(optimizer, params, list(SHAPES))
    update.put("small", np.ones(SHAPES["small"], np.float32))
    assert (update.step, optimizer.step_count) == (1, 0)
    update.finish()
    assert optimizer.step_count == 1
