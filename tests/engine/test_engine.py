"""The door: what callers may do with their arrays, batches of every size, plans and memory."""

import copy
import gc
import weakref

import numpy as np
import pytest

import minicnn as mc
from minicnn.engine import Engine, PlainEngine, engine_options
from minicnn.engine.engine import MOST_PLANS
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


def test_a_cache_goes_back_once():
    """Its memory is another batch's by then, and must not become a third one's, too."""
    chain = network()
    engine = Engine(chain)
    y, cache = engine.forward(np.ones((4, *SHAPE)), True)
    engine.backward(np.ones_like(y), cache)
    with pytest.raises(mc.ConfigError, match=r"has not gone back yet.*call forward again"):
        engine.backward(np.ones_like(y), cache)
    with pytest.raises(mc.ConfigError, match="call forward again"):
        engine.descend(np.ones_like(y), cache, mc.SGD(0.1), list(chain.params))
    assert len(engine._arenas._free) == 1


def test_a_method_that_an_instance_gets_later_is_called():
    chain = built(mc.Chain(mc.Conv2D(4, 3), mc.Tanh()), SHAPE)
    engine, x = Engine(chain), np.ones((3, *SHAPE))
    assert engine.infer(x).any()
    conv = chain.layers[0]
    conv.infer = lambda x: np.zeros((len(x), *conv.output_shape))
    assert not engine.infer(x).any()
    del conv.infer
    assert engine.infer(x).any()


def test_a_plan_holds_the_layers_by_whose_ids_it_is_found():
    """Or layers made later, at the same addresses, would be taken for them."""
    body = mc.Chain(mc.Conv2D(3, 3, padding="same"))
    chain = built(mc.Chain(mc.Residual(body), mc.Tanh()), SHAPE)
    engine = Engine(chain)
    engine.infer(np.ones((2, *SHAPE)))
    (plan,) = engine._plans.values()
    assert {id(layer) for layer in plan.layers} == {id(layer) for layer in chain.walk()}


def test_following_another_chain_lets_go_of_the_layers_before():
    first, second = network(), network()
    engine = Engine(first)
    engine.infer(np.ones((2, *SHAPE)))
    W = weakref.ref(first.layers[0].params["W"])
    engine.follow(second)
    del first
    gc.collect()
    assert W() is None


def test_the_plan_that_has_waited_longest_goes_first():
    engine, x = Engine(network()), np.ones((2, *SHAPE))
    for block in range(1, MOST_PLANS + 4):
        with engine_options(block=block):
            engine.infer(x)
    assert len(engine._plans) == MOST_PLANS
    assert [key[1].block for key in engine._plans] == list(range(4, MOST_PLANS + 4))


def test_a_copy_finds_plans_of_its_own():
    chain = network()
    engine, x = Engine(chain), np.ones((2, *SHAPE))
    with mc.stopwatch():
        y = engine.infer(x)
    other = copy.deepcopy(engine)
    assert other._plans == {}
    np.testing.assert_array_equal(other.infer(x), y)


class Breaking(mc.Layer):
    """Its way back fails when it is told to."""

    fails: BaseException | None = None

    def forward(self, x, training=False):
        return x * 1, {}

    def backward(self, dy, cache):
        if self.fails:
            raise self.fails
        return dy * 1, {}


@pytest.mark.parametrize("error", [MemoryError("no room"), KeyboardInterrupt(), ValueError("no")])
def test_a_step_that_fails_half_way_is_not_counted_and_says_what_has_moved(error):
    breaking, optimizer = Breaking(), mc.SGD(0.1)
    chain = built(mc.Chain(mc.Dense(300), breaking, mc.Dense(500), mc.Dense(2)), (300,))
    engine, x = Engine(chain), np.ones((4, 300))
    breaking.fails = error
    before = {path: p.copy() for path, p in chain.params.items()}
    y, cache = engine.forward(x, True)
    with pytest.raises(type(error)) as failed:
        engine.descend(np.ones_like(y), cache, optimizer, list(chain.params))
    moved = [path for path, p in chain.params.items() if not np.array_equal(p, before[path])]
    assert moved == ["dense_2/W"]
    (note,) = failed.value.__notes__
    assert "half done: dense_2/W may have moved" in note
    assert optimizer.step_count == 0
    breaking.fails = None
    y, cache = engine.forward(x, True)
    engine.descend(np.ones_like(y), cache, optimizer, list(chain.params))
    assert optimizer.step_count == 1


def test_a_step_that_fails_before_anything_moved_has_nothing_to_say():
    breaking = Breaking()
    breaking.fails = ValueError("no")
    chain = built(mc.Chain(mc.Dense(500), breaking, mc.Dense(2)), (300,))
    engine = Engine(chain)
    y, cache = engine.forward(np.ones((4, 300)), True)
    with pytest.raises(ValueError) as failed:
        engine.descend(np.ones_like(y), cache, mc.SGD(0.1), list(chain.params))
    assert not hasattr(failed.value, "__notes__")
