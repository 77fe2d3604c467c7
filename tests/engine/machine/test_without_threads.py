"""Where no thread can be started, one does all the work, and the numbers are the same."""

import sys
import threading

import numpy as np
import pytest

import minicnn as mc
from minicnn.cores import can_start_threads
from minicnn.engine.machine import blas, threads
from tests.engine.test_equality import ready_model
from tests.narrow import needs_threads, no_more_threads


@pytest.fixture(autouse=True)
def threads_again():
    yield
    mc.set_threads(None)


X = np.random.default_rng(0).random((24, 34, 35, 3))


def answers():
    x = X.astype(np.float32)
    model = ready_model("float32")
    model.compile("rmsprop", "binary_crossentropy")
    model.fit(x, np.arange(24) % 2, epochs=1, batch_size=8, verbose=0)
    return [model.predict(x), *model.get_weights()]


def test_without_threads_set_threads_is_taken_and_one_works():
    mc.set_threads(2)
    with_two = answers()
    with no_more_threads():
        assert not can_start_threads()
        mc.set_threads(2)
        assert mc.get_threads() == 1
        for a, b in zip(answers(), with_two, strict=True):
            np.testing.assert_array_equal(a, b)


@needs_threads
def test_with_threads_as_many_as_were_asked_for():
    mc.set_threads(3)
    assert can_start_threads()
    assert mc.get_threads() == 3


@needs_threads
@pytest.mark.parametrize("granted", [0, 1])
def test_those_that_the_system_still_allows_do_all_jobs(monkeypatch, granted):
    """The first one is spent on finding out that there are threads."""
    monkeypatch.setattr(threads, "_pool", threads._Pool())
    mc.set_threads(6)
    before = threading.active_count()
    with no_more_threads(but=1 + granted):
        assert mc.get_threads() == 6
        for _ in range(3):
            done = []
            threads.run(done.append, 20)
            assert sorted(done) == list(range(20))
        assert threading.active_count() <= before + granted


def test_without_threadpoolctl_there_is_no_blas_to_be_held(monkeypatch):
    expected = ready_model().predict(X)
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)  # an import of it fails
    blas._libraries.cache_clear()
    try:
        np.testing.assert_allclose(ready_model().predict(X), expected, rtol=1e-9)
    finally:
        blas._libraries.cache_clear()
