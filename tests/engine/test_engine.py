"""The door: what callers may do with their arrays, batches of every size, plans and memory."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.engine import Engine, PlainEngine
from minicnn.engine.memory.recording import MOST_CASES
from tests.engine.parts.agreement import built
from tests.engine.test_equality import close, ready_model

SHAPE = (12, 11, 3)


def network():
    layers = [mc.Conv2D(4, 3, activation="relu"), mc.BatchNorm(), mc.Flatten(), mc.Dense(2)]
    return built(mc.Chain(*layers), SHAPE)


def views(x):
    """The same numbers, in memory of many kinds."""
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    wide[..., ::2] = x
    readonly = x.copy()
    readonly.flags.writeable = False
    backward = x[::-1].copy()[::-1]
    return [x, wide[..., ::2], readonly, backward, np.asfortranarray(x), memoryview(x)]


def test_inputs_and_gradients_may_lie_in_any_memory_and_are_left_alone():
    chain, rng = network(), np.random.default_rng(0)
    engine, plain = Engine(chain), PlainEngine(chain)
    x, dy = rng.standard_normal((5, *SHAPE)), rng.standard_normal((5, 2))
    expected, plain_cache = plain.forward(x, True)
    expected_grads = plain.backward(dy, plain_cache)
    for its_x in views(x):
        for its_dy in views(dy)[:-1]:
            y, cache = engine.forward(its_x, True)
            grads = engine.backward(its_dy, cache)
            close(y, expected)
            np.testing.assert_array_equal(np.asarray(its_x), x)
            np.testing.assert_array_equal(its_dy, dy)
            for path, gradient in expected_grads.items():
                close(grads[path], gradient, 1e-11, at_least=1)


@pytest.mark.parametrize(
    "layers",
    [
        lambda: [mc.Conv2D(4, 3), mc.BatchNorm(), mc.Flatten(), mc.Dense(2)],
        lambda: [mc.Conv2D(4, 3), mc.BatchNorm(), mc.Conv2D(4, 3, activation="relu")],
        lambda: [mc.Conv2D(4, 3), mc.BatchNorm(), mc.ReLU()],
        lambda: [mc.Residual(mc.Chain(mc.Conv2D(3, 1), mc.BatchNorm()))],
    ],
)
def test_what_is_handed_out_is_the_callers(layers):
    """To write into it spoils no later batch; nor does writing into what was handed in."""
    chain = built(mc.Chain(*layers()), SHAPE)
    engine, plain = Engine(chain), PlainEngine(chain)
    x = np.empty((4, *SHAPE))
    for seed in range(5):
        x[...] = np.random.default_rng(seed).standard_normal(x.shape)
        expected, plain_cache = plain.forward(x.copy(), True)
        y, cache = engine.forward(x, True)
        close(y, expected)
        dy = np.cos(expected)
        expected_grads = plain.backward(dy, plain_cache)
        y[...] = np.nan
        grads = engine.backward(dy, cache)
        answer = engine.infer(x)
        for path, gradient in expected_grads.items():
            close(grads[path], gradient, 1e-11, at_least=1)
            grads[path][...] = np.nan
        dy[...], answer[...] = np.nan, np.nan


def test_the_gradient_may_be_the_output_itself():
    chain = network()
    engine, plain = Engine(chain), PlainEngine(chain)
    x = np.random.default_rng(0).standard_normal((4, *SHAPE))
    for _ in range(4):
        y, cache = engine.forward(x, True)
        expected, plain_cache = plain.forward(x, True)
        grads = engine.backward(y, cache)
        for path, gradient in plain.backward(expected, plain_cache).items():
            close(grads[path], gradient, 1e-10, at_least=1)


@pytest.mark.parametrize("last", [1, 3, 8])
def test_epochs_with_a_smaller_last_batch(last):
    """Both sizes are repeated from recordings, and neither spoils the other."""
    chain, rng = network(), np.random.default_rng(0)
    engine, plain = Engine(chain), PlainEngine(chain)
    for _ in range(4):
        for n in (9, 9, last):
            x = rng.standard_normal((n, *SHAPE))
            y, cache = engine.forward(x, True)
            expected, plain_cache = plain.forward(x, True)
            close(y, expected)
            grads = engine.backward(np.cos(y), cache)
            for path, gradient in plain.backward(np.cos(expected), plain_cache).items():
                close(grads[path], gradient, 1e-10, at_least=1)


def test_batches_of_many_sizes_keep_few_recordings_and_one_arena():
    chain = network()
    engine = Engine(chain)
    for n in range(1, 4 * MOST_CASES):
        y, cache = engine.forward(np.zeros((n, *SHAPE)), True)
        engine.backward(np.ones_like(y), cache)
        engine.infer(np.zeros((n, *SHAPE)))
    (arena,) = engine._arenas._free
    assert arena.recordings
    assert MOST_CASES <= 16
    assert all(len(by_case) <= MOST_CASES for by_case in arena.recordings.values())


def test_gradients_of_two_batches_may_be_added_before_the_update():
    """Between backward pass and update there is room for a sum."""
    chain, rng = network(), np.random.default_rng(0)
    engine, optimizer = Engine(chain), mc.SGD(0.1)
    before = {path: p.copy() for path, p in chain.params.items()}
    total = {path: np.zeros_like(p) for path, p in before.items()}
    for _ in range(2):
        y, cache = engine.forward(rng.standard_normal((3, *SHAPE)), False)
        for path, gradient in engine.backward(np.cos(y), cache).items():
            total[path] += gradient
    engine.update(optimizer, total)
    for path, p in chain.params.items():
        np.testing.assert_allclose(p, before[path] - 0.1 * total[path], rtol=0, atol=1e-12)


def test_follow_runs_another_chain_in_the_same_memory():
    first, second = ready_model(), ready_model()
    second["conv2d_1"].params["W"] = second["conv2d_1"].params["W"] * 2
    engine = Engine(first)
    x = np.random.default_rng(0).random((3, 34, 35, 3))
    for chain in (first, second, first):
        engine.follow(chain)
        for _ in range(3):
            close(engine.infer(x), chain.infer(x))
    assert len(engine._arenas._free) == 1


def test_a_network_that_learns_nothing_has_no_gradients():
    chain = built(mc.Chain(mc.AvgPool2D(2), mc.Tanh()), SHAPE)
    y, cache = Engine(chain).forward(np.ones((2, *SHAPE)), True)
    assert Engine(chain).backward(np.ones_like(y), cache) == {}
