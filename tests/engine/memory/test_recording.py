"""Recordings: what is repeated is what would be computed, and nothing of the user's is kept."""

import gc
import threading
import time
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.engine import Engine, PlainEngine, engine_options
from minicnn.engine.memory.arena import Arena
from minicnn.engine.memory.buffers import borrowed_buffers
from minicnn.engine.memory.recording import (
    MOST_CASES,
    Recording,
    Recordings,
    Workspace,
    recordings_for,
)
from minicnn.layers.inputs import floats
from tests.effort import examples
from tests.engine.networks import networks
from tests.engine.test_equality import close, ready_model
from tests.patience import PATIENCE


class Owner:
    """All that a recordings asks of its owner."""

    number = 0


@pytest.fixture
def one_thread():
    mc.set_threads(1)
    yield
    mc.set_threads(None)


@pytest.fixture
def repeated(monkeypatch):
    """How many record have been repeated."""
    count = []
    repeat = Recording.repeat

    def counted(self):
        count.append(1)
        repeat(self)

    monkeypatch.setattr(Recording, "repeat", counted)
    return count


def pictures(n, seed=0, size=(34, 35, 3)):
    return np.random.default_rng(seed).random((n, *size))


# ---- what they give ------------------------------------------------------------------------------


@examples(30)
@given(networks(), st.lists(st.integers(1, 7), min_size=3, max_size=6), st.randoms())
def test_batches_of_every_size_in_any_order(network, sizes, random):
    """Each in the memory of those before it, training and prediction by turns."""
    engine, plain = Engine(network), PlainEngine(network)
    rng = np.random.default_rng(random.randrange(1000))
    for n in [*sizes, *sizes]:
        x = floats(rng.standard_normal((n, *network.input_shape)), network)
        if random.random() < 0.4:
            close(engine.infer(x), plain.infer(x))
            continue
        y, cache = engine.forward(x, True)
        expected, plain_cache = plain.forward(x, True)
        close(y, expected)
        if random.random() < 0.2:
            continue  # nobody wants its gradients
        dy = rng.standard_normal(y.shape)
        grads = engine.backward(dy.copy(), cache)
        expected_grads = plain.backward(dy, plain_cache)
        shaken = plain.backward(dy, plain.forward(x * (1 + 1e-15), True)[1])
        usual = 0.1 * max((float(np.abs(g).max()) for g in expected_grads.values()), default=1)
        for path, gradient in grads.items():
            close(gradient, expected_grads[path], 1e-11, usual, shaken[path])


@examples(40)
@given(networks(), st.integers(1, 5))
def test_the_same_batch_gives_the_same_bits_repeated_or_not(network, n):
    x = np.random.default_rng(0).standard_normal((n, *network.input_shape))
    engine, found = Engine(network), []
    for record in (True, True, True, True, False):
        with engine_options(record=record):
            y, cache = engine.forward(x.copy(), True)
            grads = engine.backward(np.ones_like(y), cache)
            found.append((y, *grads.values(), engine.infer(x.copy())))
    for others in found[1:]:
        for a, b in zip(found[0], others, strict=True):
            np.testing.assert_array_equal(a, b)


def test_the_third_batch_is_repeated(one_thread, repeated):
    """The second one may find that what comes to a owner lies elsewhere than the first one's."""
    engine, found = Engine(ready_model()), []
    for i in range(4):
        repeated.clear()
        y, cache = engine.forward(pictures(6, i), True)
        engine.backward(np.ones_like(y), cache)
        found.append(len(repeated))
    assert found[0] == 0
    assert found[2] == found[3] > 10


@pytest.mark.parametrize("options", [{"record": False}, {"reuse": False}], ids=repr)
def test_they_can_be_switched_off(repeated, options):
    engine, x = Engine(ready_model()), pictures(4)
    with engine_options(**options):
        first = [engine.infer(x) for _ in range(3)]
    assert not repeated
    for y in first:
        np.testing.assert_array_equal(y, engine.infer(x))


def test_a_stopwatch_hears_every_layer_and_nothing_is_repeated(repeated):
    engine, x = Engine(ready_model()), pictures(4)
    for _ in range(3):
        engine.infer(x)
    repeated.clear()
    with mc.stopwatch() as times:
        for _ in range(3):
            engine.infer(x)
    assert not repeated
    assert any("conv2d_1" in row.title for row in times.rows())


class Failing(mc.Layer):
    """Fails when it is told to."""

    fails = False

    def forward(self, x, training=False):
        if self.fails:
            raise RuntimeError("as told")
        return x + 1, {}

    def backward(self, dy, cache):
        return dy, {}


def test_after_an_error_all_goes_on():
    failing = Failing()
    chain = mc.Chain(mc.Conv2D(4, 3, activation="relu"), failing, mc.Conv2D(4, 3))
    chain.build((12, 12, 3), np.random.default_rng(0))
    chain.astype("float64")
    engine = Engine(chain)
    for i in range(6):
        x = pictures(5, i, (12, 12, 3))
        failing.fails = i == 3
        if failing.fails:
            with pytest.raises(RuntimeError, match="as told"):
                engine.infer(x)
        else:
            close(engine.infer(x), chain.infer(x))


# ---- weights and rules that change ------------------------------------------------------------


def test_weights_may_be_replaced_or_changed_in_place():
    model = ready_model()
    engine = Engine(model)
    rng = np.random.default_rng(0)
    for i in range(8):
        x = pictures(5, i)
        if i % 2:
            for p in model.params.values():
                p *= rng.uniform(0.9, 1.1)
        else:
            model["dense_1"].params["W"] = model["dense_1"].params["W"] * 0.9
            model["conv2d_1"].params["W"] = model["conv2d_1"].params["W"] * 0.9
        close(engine.infer(x), model.infer(x))


RULES = [
    lambda rate: mc.RMSprop(rate),
    lambda rate: mc.RMSprop(rate, rho=0.5, epsilon=1e-3),
    lambda rate: mc.RMSprop(rate, rho=0.0),
    lambda rate: mc.RMSprop(rate, momentum=0.5),
    lambda rate: mc.Adam(rate),
    lambda rate: mc.AdamW(rate),
    lambda rate: mc.SGD(rate),
    lambda rate: mc.SGD(rate, momentum=0.9),
    lambda rate: mc.SGD(rate, momentum=0.9, nesterov=True),
]


@pytest.mark.parametrize("make", RULES, ids=lambda make: repr(make(0.1)))
def test_in_float32_the_repeated_rule_is_the_optimizers(make):
    """A large Dense, which is moved piece by piece; the rate falls, then is set by hand."""
    models = []
    for options in ({}, {"plain": True}):
        model = mc.Sequential([mc.Dense(600, activation="relu"), mc.Dense(1)], input_shape=(450,))
        model.compile(make(lambda step: 1e-3 / (1 + step)), "mse")
        rng = np.random.default_rng(0)
        with engine_options(**options):
            for step in range(8):
                if step == 5:
                    model.optimizer.learning_rate = 3e-4
                if step == 7 and hasattr(model.optimizer, "rho"):
                    model.optimizer.rho = 0.7
                x = rng.standard_normal((12, 450)).astype(np.float32)
                model.train_on_batch(x, rng.standard_normal((12, 1)).astype(np.float32))
        models.append(model)
    before = mc.Sequential([mc.Dense(600, activation="relu"), mc.Dense(1)], input_shape=(450,))
    for a, b, start in zip(*(m.get_weights() for m in (*models, before)), strict=True):
        moved = float(np.abs(b - start).max())
        np.testing.assert_allclose(a, b, rtol=0, atol=2e-3 * moved + 1e-7)


def test_another_optimizer_has_slots_of_its_own():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((12, 450)).astype(np.float32), rng.standard_normal((12, 1))
    model = mc.Sequential([mc.Dense(600, activation="relu"), mc.Dense(1)], input_shape=(450,))
    for _ in range(3):
        model.compile(mc.RMSprop(1e-3), "mse")
        for _ in range(4):
            model.train_on_batch(x, y)
        (v,) = model.optimizer.memory["dense_1/W"].values()
        assert v.any()


def trains_as_the_plain_loop(chain, size, batches=4, first=None):
    """With ``first`` as options for the first backward pass."""
    chain.astype("float64")
    engine, plain = Engine(chain), PlainEngine(chain)
    for i in range(batches):
        x = pictures(3, i, size)
        y, cache = engine.forward(x, True)
        expected, plain_cache = plain.forward(x, True)
        close(y, expected)
        dy = np.random.default_rng(i).standard_normal(y.shape)
        with engine_options(**(first if first and not i else {})):
            grads = engine.backward(dy.copy(), cache)
        for path, gradient in plain.backward(dy, plain_cache).items():
            close(grads[path], gradient, 1e-10, at_least=1)  # of a bias before BatchNorm, rounding


@pytest.mark.parametrize("size", [(40, 40, 4), (33, 37, 4)])
def test_networks_of_one_size_with_other_paddings_do_not_meet(size):
    """All of them use the same buffers, one after the other."""
    for padding in (1, ((0, 2), (2, 0)), ((2, 0), (0, 2)), ((1, 1), (2, 0)), 1):
        layers = [mc.Conv2D(4, 3, padding=padding), mc.Conv2D(4, 3, padding=padding)]
        chain = mc.Chain(*layers, mc.Conv2D(2, 3))
        chain.build(size, np.random.default_rng(0))
        trains_as_the_plain_loop(chain, size)


def test_a_switch_set_for_one_backward_pass_spoils_no_later_one():
    chain = mc.Chain(mc.Conv2D(4, 3), mc.BatchNorm(), mc.Conv2D(4, 3))
    chain.build((12, 12, 3), np.random.default_rng(0))
    trains_as_the_plain_loop(chain, (12, 12, 3), first={"reuse": False})


class Flipped(mc.Layer):
    """A view that goes backward in memory."""

    per_sample = False

    def __init__(self, axis, name=None):
        super().__init__(name)
        self.axis = axis

    def forward(self, x, training=False):
        return np.flip(x, self.axis), {}

    def backward(self, dy, cache):
        return np.flip(dy, self.axis), {}


@pytest.mark.parametrize("axis", [0, 1, 2, 3])
def test_maps_may_be_views_of_any_kind(axis):
    chain = mc.Chain(mc.Conv2D(4, 3), Flipped(axis), mc.Conv2D(4, 3, activation="relu"))
    chain.build((12, 12, 3), np.random.default_rng(0))
    trains_as_the_plain_loop(chain, (12, 12, 3))


def test_a_network_of_two_dtypes_is_not_moved_by_old_weights():
    losses = []
    for options in ({}, {"plain": True}):
        model = mc.Sequential(
            [mc.Conv2D(4, 3), mc.Flatten(), mc.Dense(400, activation="relu"), mc.Dense(1)],
            input_shape=(12, 12, 3),
        )
        model["conv2d_1"].astype("float64")
        model.compile(mc.RMSprop(1e-3), "mse")
        rng = np.random.default_rng(0)
        with engine_options(**options):
            for _ in range(8):
                x, y = rng.standard_normal((6, 12, 12, 3)), rng.standard_normal((6, 1))
                losses.append(model.train_on_batch(x, y)["loss"])
    np.testing.assert_allclose(losses[:8], losses[8:], rtol=1e-4)


def test_a_falling_rate_is_looked_up(one_thread, repeated):
    """AdamW's decay falls with it."""
    for make in (mc.Adam, mc.AdamW, mc.RMSprop, mc.SGD):
        model = mc.Sequential([mc.Dense(600), mc.Dense(1)], input_shape=(450,))
        model.compile(make(lambda step: 1e-3 / (1 + step)), "mse")
        x, y = np.ones((12, 450), np.float32), np.ones((12, 1), np.float32)
        for _ in range(4):
            repeated.clear()
            model.train_on_batch(x, y)
        assert len(repeated) > 4  # more than the forward pass's


# ---- what they hold on to ------------------------------------------------------------------------


def soon_gone(*references):
    """A helper lets go of its last job a moment after the caller has its answer."""
    deadline = time.monotonic() + PATIENCE
    while any(reference() is not None for reference in references):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.001)
    return True


def test_the_users_pictures_are_not_kept_alive():
    engine = Engine(ready_model())
    for way in ("infer", "forward"):
        x = pictures(5)
        gone = weakref.ref(x)
        if way == "infer":
            engine.infer(x)
        else:
            y, cache = engine.forward(x, True)
            engine.backward(np.ones_like(y), cache)
            del y, cache
        del x
        assert soon_gone(gone)


class Passing(mc.Layer):
    """Hands on a view of what it gets."""

    per_sample = False

    def forward(self, x, training=False):
        return x[...], {}

    def backward(self, dy, cache):
        return dy[...], {}


def test_nor_are_views_of_them():
    chain = mc.Chain(Passing(), mc.Conv2D(4, 3))
    chain.build((12, 12, 3), np.random.default_rng(0))
    x = pictures(5, 0, (12, 12, 3)).astype(np.float32)
    gone = weakref.ref(x)
    engine = Engine(chain)
    engine.infer(x)
    del x
    assert soon_gone(gone)


def test_old_weights_are_not_kept_alive():
    model = ready_model("float32")
    engine, old = Engine(model), []
    for n in (3, 4, 5, 6):
        for name in ("dense_1", "conv2d_1"):
            params = model[name].params
            old.append(weakref.ref(params["W"]))
            params["W"] = params["W"].copy()
        y, cache = engine.forward(pictures(n).astype(np.float32), True)
        engine.backward(np.ones_like(y), cache)
        engine.infer(pictures(n).astype(np.float32))
    del y, cache
    gc.collect()
    assert soon_gone(*old)


def bytes_in_buffers():
    with borrowed_buffers() as buffers:
        return sum(buffer.nbytes for buffer in buffers._buffers.values())


def test_many_networks_need_no_larger_buffers_than_one(one_thread):
    sizes = []
    for _ in range(4):
        chain = mc.Chain(
            mc.Conv2D(4, 3, activation="tanh"), mc.Conv2D(4, 1, activation="leaky_relu")
        )
        chain.build((24, 24, 3), np.random.default_rng(0))
        engine = Engine(chain)
        for _ in range(2):
            y, cache = engine.forward(pictures(4, 0, (24, 24, 3)).astype(np.float32), True)
            engine.backward(np.ones_like(y), cache)
        (arena,) = engine._arenas._free
        blocks = [
            b for r in arena.recordings.values() for one in r.values() for b in one.kept.blocks
        ]
        assert blocks
        assert not any(block.caches for block in blocks)
        sizes.append(bytes_in_buffers())
    assert sizes[1:] == [sizes[0]] * 3


def test_an_engine_and_its_memory_go_without_waiting_for_the_collector():
    gc.collect()
    gc.disable()
    try:
        chain = mc.Chain(mc.Conv2D(4, 3), mc.LeakyReLU(), mc.Conv2D(4, 3, activation="tanh"))
        chain.build((12, 12, 3), np.random.default_rng(0))
        engine = Engine(chain)
        for i in range(3):
            x = pictures(5, i, (12, 12, 3)).astype(np.float32)
            y, cache = engine.forward(x, True)
            engine.backward(np.ones_like(y), cache)
        (arena,) = engine._arenas._free
        gone = weakref.ref(arena.buffers(("from outside", 0)))
        del engine, arena, y, cache
        assert soon_gone(gone)
    finally:
        gc.enable()


def test_an_owner_keeps_few_recordings():
    arena, owner = Arena(), Owner()
    for n in range(3 * MOST_CASES):
        recordings_for(arena, owner, n)
    assert len(arena.recordings[owner]) == MOST_CASES
    assert recordings_for(arena, owner, n) is recordings_for(arena, owner, n)
    del owner
    gc.collect()
    assert not arena.recordings


def test_threads_that_come_and_go_leave_no_buffers_behind():
    model = ready_model()
    model.predict(pictures(3))
    seen = set()

    def user():
        model.predict(pictures(3))
        with borrowed_buffers() as buffers:
            seen.add(id(buffers))

    for _ in range(12):
        thread = threading.Thread(target=user)
        thread.start()
        thread.join()
    assert len(seen) <= 4


# ---- recordings by themselves --------------------------------------------------------------------


def doubled(recordings, array, outside=()):
    """2·a, recorded."""
    settled = recordings.settled(array, "a", list(outside))
    if recordings.kept is None:
        recordings.kept = np.empty_like(array)
    out = recordings.kept
    recordings.work("double", lambda workspace: workspace.do.add(settled, settled, out=out))
    return out.copy()


def test_an_array_that_moves_is_copied_from_then_on(repeated):
    recordings = Recordings(Arena(), Owner(), active=True)
    held = [np.full(3, float(i)) for i in range(5)]
    for i, array in enumerate(held):
        np.testing.assert_array_equal(doubled(recordings, array), 2.0 * i)
    assert len(repeated) == 3  # not the first; not the second, which lay elsewhere


def test_an_array_that_stays_is_read_where_it_lies(repeated):
    recordings = Recordings(Arena(), Owner(), active=True)
    array = np.zeros(3)
    for i in range(3):
        array[:] = i
        np.testing.assert_array_equal(doubled(recordings, array), 2.0 * i)
    assert len(repeated) == 2
    np.testing.assert_array_equal(doubled(recordings, array, [array]), 4.0)


def test_a_copy_lies_as_the_array_does():
    recordings = Recordings(Arena(), Owner(), active=True)
    for array in (np.ones((2, 3, 4, 5)), np.ones((2, 4, 3, 5)).swapaxes(1, 2), np.ones((3, 4)).T):
        copy = recordings.copied(array, "a")
        assert copy.strides == array.strides
        np.testing.assert_array_equal(copy, array)
    copy = recordings.copied(np.arange(12.0).reshape(3, 4)[::-1, ::2], "a")
    np.testing.assert_array_equal(copy, [[8, 10], [4, 6], [0, 2]])
    assert copy.flags.c_contiguous


def test_when_buffers_have_moved_the_job_is_done_anew(repeated):
    recordings = Recordings(Arena(), Owner(), active=True)
    places = []

    def work(workspace):
        places.append(workspace.buffers.take("grows", (4,), np.float64))

    recordings.work("job", work)
    recordings.work("job", work)
    assert len(places) == 1
    assert repeated
    with borrowed_buffers() as buffers:
        buffers.take("grows", (4000,), np.float64)
    recordings.work("job", work)
    assert len(places) == 2


def test_more_jobs_than_recordings_have_room_for(one_thread, repeated, monkeypatch):
    monkeypatch.setattr("minicnn.engine.memory.recording.MOST_RECORDINGS", 5)
    recordings, done = Recordings(Arena(), Owner(), active=True), []
    for _ in range(3):
        for i in range(8):
            recordings.work(i, lambda workspace, i=i: workspace.call(lambda: done.append(i)))
    assert done == 3 * list(range(8))
    assert len(repeated) == 2 * 5


def test_a_call_is_made_again():
    recordings = Recordings(Arena(), Owner(), active=True)
    calls = []
    for _ in range(3):
        recordings.work("job", lambda workspace: workspace.call(lambda: calls.append(1)))
    assert len(calls) == 3
    Workspace().call(lambda: calls.append(1))
    assert len(calls) == 4
