"""The stopwatch: its rows name every layer, add up to the time on the clock, and change nothing."""

import copy
import itertools
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.engine import Engine
from tests.engine.networks import networks


class Slow(mc.Layer):
    """A layer that takes its time, so that a test knows where the time went."""

    def forward(self, x, training=False):
        self.check(x)
        time.sleep(0.02)
        return x.copy(), {}

    def backward(self, dy, cache):
        time.sleep(0.05)
        return dy.copy(), {}


def small_model():
    layers = [
        mc.Conv2D(4, 3, activation="relu"),
        mc.MaxPool2D(2),
        mc.Residual(mc.Chain(mc.Conv2D(4, 3, padding=1), mc.BatchNorm(), mc.ReLU())),
        mc.Flatten(),
        mc.Dense(1, activation="sigmoid"),
    ]
    model = mc.Sequential(layers, input_shape=(10, 10, 2), seed=0)
    model.compile(mc.RMSprop(1e-2), "binary_crossentropy")
    return model


def batch():
    rng = np.random.default_rng(0)
    return rng.random((6, 10, 10, 2), np.float32), np.arange(6) % 2


def test_every_layer_has_its_row_in_the_networks_order():
    model, (x, y) = small_model(), batch()
    with mc.stopwatch() as times:
        model.train_on_batch(x, y)
        model.predict(x)
    titles = [row.title for row in times.rows()]
    assert titles[0] == "conv2d_1 + maxpool2d_1"
    assert titles[-2:] == ["dense_1", "optimizer"]
    assert any(title.startswith("residual_1/chain_1/batchnorm_1") for title in titles)
    named = " + ".join(titles)
    assert all(name in named for name in ("residual_1", "flatten_1"))


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_rows_and_rest_add_up_to_the_total(threads):
    model, (x, y) = small_model(), batch()
    mc.set_threads(threads)
    try:
        with mc.stopwatch() as times:
            for _ in range(3):
                model.train_on_batch(x, y)
    finally:
        mc.set_threads(None)
    assert sum(row.seconds for row in times.rows()) + times.rest == pytest.approx(times.total)
    assert times.rest > 0
    assert all(row.seconds >= 0 for row in times.rows())


def test_the_time_is_where_it_was_spent():
    model = mc.Sequential([mc.Dense(3), Slow(), mc.Dense(1)], input_shape=(4,), seed=0)
    model.compile(mc.SGD(0.1), "mean_squared_error")
    with mc.stopwatch() as times:
        model.train_on_batch(np.ones((4, 4)), np.ones((4, 1)))
    slow = next(row for row in times.rows() if row.title == "slow_1")
    assert slow.forward >= 0.02  # it slept as long: sleeping shorter is not allowed
    assert slow.backward >= 0.05
    assert slow.infer == 0


def test_a_layer_inside_a_residual_is_not_counted_twice():
    model = mc.Sequential([mc.Residual(Slow()), mc.Flatten()], input_shape=(4,), seed=0)
    with mc.stopwatch() as times:
        model.predict(np.ones((4, 4), np.float32))
    seconds = {row.title: row.seconds for row in times.rows()}
    assert seconds["residual_1/slow_1"] >= 0.02
    assert sum(seconds.values()) <= times.total


@given(networks(), st.integers(1, 5))
def test_looking_changes_nothing(network, n):
    engine = Engine(network)
    x = np.random.default_rng(0).standard_normal((n, *network.input_shape))

    def step():
        y, cache = engine.forward(x, mc.Moment(0, 0, 0))
        return y, engine.backward(np.cos(y), cache), engine.infer(x)

    y, grads, answer = step()
    with mc.stopwatch():
        its_y, its_grads, its_answer = step()
    assert np.array_equal(y, its_y)
    assert np.array_equal(answer, its_answer)
    assert all(np.array_equal(grads[path], its_grads[path]) for path in grads)


def test_outside_the_block_nothing_is_measured():
    model, (x, y) = small_model(), batch()
    with mc.stopwatch() as times:
        model.train_on_batch(x, y)
    before = [row.seconds for row in times.rows()]
    model.train_on_batch(x, y)
    assert [row.seconds for row in times.rows()] == before


def test_the_table_names_the_shares_and_says_when_nothing_was_timed():
    model, (x, y) = small_model(), batch()
    with mc.stopwatch() as times:
        model.train_on_batch(x, y)
    table = str(times)
    assert "everything else" in table
    assert table.splitlines()[-1].startswith("total")
    with mc.engine_options(plain=True), mc.stopwatch() as times:
        model.train_on_batch(x, y)
    assert [row.title for row in times.rows()] == []
    assert "nothing was timed" in str(times)


def test_inside_the_block_the_table_tells_what_there_is_so_far():
    model, (x, y) = small_model(), batch()
    with mc.stopwatch() as times:
        assert "nothing was timed" in str(times)
        model.train_on_batch(x, y)
        so_far = times.total
        assert "everything else" in str(times)
    assert 0 < so_far < times.total == times.total


def test_a_clock_that_stands_still_is_no_division_by_zero(monkeypatch):
    monkeypatch.setattr(time, "perf_counter", lambda: 1.0)
    model, (x, y) = small_model(), batch()
    with mc.stopwatch() as times:
        model.train_on_batch(x, y)
    assert times.total == 0
    assert [row.seconds for row in times.rows()] == [0.0] * len(times.rows())
    assert "0.0%" in str(times)


def test_a_segments_rows_add_up_to_its_time(monkeypatch):
    """What is no layer in it, such as a branch that is x itself, is shared out among the layers."""
    ticks = itertools.count()
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(ticks)))
    chain = mc.Chain(mc.Residual(mc.Conv2D(2, 3, padding="same")), mc.Tanh())
    chain.build((10, 10, 2), np.random.default_rng(0))
    engine = Engine(chain)
    with mc.stopwatch() as times, mc.engine_options(threads=False):
        engine.infer(np.ones((2, 10, 10, 2), np.float32))
    (whole,) = [seconds for seconds in times._parts.values() if seconds]
    assert len(times.rows()) == 3  # with the sum
    assert sum(row.seconds for row in times.rows()) == pytest.approx(whole)


def test_networks_of_thousands_of_parts_are_told_apart():
    layers = [mc.BatchNorm() for _ in range(1001)]
    first, second = mc.Chain(*layers), mc.Chain(mc.BatchNorm(name="another"))
    for chain in (first, second):
        chain.build((2,), np.random.default_rng(0))
    with mc.stopwatch() as times:
        for chain in (first, second):
            Engine(chain).forward(np.ones((4, 2), np.float32), True)
    assert len(times.rows()) == 1002
    assert len({number for number, _ in times._parts}) == 1002


def test_a_stopwatchs_plans_go_with_it():
    engine = Engine(small_model())
    with mc.stopwatch() as times:
        engine.infer(batch()[0])
        assert len(times.plans_of(engine)) == 1
    assert engine._plans == {}
    assert times.plans_of(engine) == {}


def test_a_model_that_was_timed_can_be_copied():
    model, (x, y) = small_model(), batch()
    with mc.stopwatch():
        model.train_on_batch(x, y)
        model.predict(x)
        other = copy.deepcopy(model)
    np.testing.assert_array_equal(copy.deepcopy(model).predict(x), other.predict(x))
