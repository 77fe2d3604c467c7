"""BLAS is held while the engine works, and as it was before and after."""

import multiprocessing
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import minicnn as mc
from minicnn.engine.machine import blas, threads
from minicnn.engine.machine.blas import one_blas_thread
from tests.engine.test_equality import ready_model, trained
from tests.patience import PATIENCE
from tests.systems import needs_fork


def blas_threads():
    return [
        library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
    ]


class Watching(mc.Layer):
    """Notes how many threads BLAS has while the engine works."""

    def __init__(self, fail=False, name=None):
        super().__init__(name)
        self.fail = fail
        self.seen = []

    def forward(self, x, training=False):
        self.seen += blas_threads()
        if self.fail:
            raise RuntimeError("a layer broke")
        return x, {}

    def backward(self, dy, cache):
        self.seen += blas_threads()
        return dy, {}


@pytest.mark.parametrize("n", [1, 2, 3])
def test_blas_is_held_and_put_back(n):
    watching = Watching()
    model = mc.Sequential([mc.Conv2D(2, 3), watching, mc.Flatten(), mc.Dense(1)], (20, 20, 3))
    model.compile("sgd", "mean_squared_error")
    with threadpool_limits(n, user_api="blas"):
        model.fit(np.ones((4, 20, 20, 3), np.float32), np.ones(4), epochs=1, verbose=0)
        model.predict(np.ones((4, 20, 20, 3), np.float32))
        assert blas_threads() == [n] * len(blas_threads())
    assert set(watching.seen) == {1}


def test_blas_is_put_back_after_an_error():
    model = mc.Sequential([mc.Conv2D(2, 3), Watching(fail=True)], (20, 20, 3))
    with threadpool_limits(2, user_api="blas"):
        for _ in range(2):
            with pytest.raises(RuntimeError, match="a layer broke"):
                model.predict(np.ones((4, 20, 20, 3), np.float32))
        assert blas_threads() == [2] * len(blas_threads())


def test_the_last_of_several_users_puts_it_back():
    with threadpool_limits(2, user_api="blas"):
        with one_blas_thread():
            with one_blas_thread():
                assert set(blas_threads()) == {1}
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {2}


def test_the_process_is_as_it_was():
    before = blas_threads(), np.geterr()
    ready_model("float32").predict(np.ones((4, 34, 35, 3), np.float32))
    assert (blas_threads(), np.geterr()) == before


def in_another_thread(function):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(function()))
    thread.start()
    thread.join()
    (answer,) = answers
    return answer


def test_another_thread_can_hold_it_and_puts_it_back():
    def held():
        with one_blas_thread():
            return blas_threads()

    with threadpool_limits(3, user_api="blas"):  # threadpoolctl now listens to this thread alone
        assert set(in_another_thread(held)) == {1}
        assert set(blas_threads()) == {3}
        with threadpool_limits(2, user_api="blas"):
            assert set(blas_threads()) == {2}, "this thread can still change it"
        assert set(blas_threads()) == {3}


def test_a_thread_that_comes_later_may_be_the_last_to_leave():
    first_has_left, entered = threading.Event(), threading.Event()

    def comes_later():
        with one_blas_thread():
            entered.set()
            first_has_left.wait()
            return blas_threads()

    with threadpool_limits(3, user_api="blas"):
        seen = []
        later = threading.Thread(target=lambda: seen.extend(comes_later()), daemon=True)
        with one_blas_thread():
            later.start()
            entered.wait()
        assert set(blas_threads()) == {1}, "the other still works"
        first_has_left.set()
        later.join()
        assert set(seen) == {1}
        assert set(blas_threads()) == {3}


@contextmanager
def another_model_predicts():
    model, x = ready_model("float32"), np.ones((8, 34, 35, 3), np.float32)
    stop, begun = threading.Event(), threading.Event()

    def predict():
        while not stop.is_set():
            model.predict(x)
            begun.set()

    thread = threading.Thread(target=predict, daemon=True)
    thread.start()
    begun.wait()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def fitted():
    return trained(mc.RMSprop(1e-3), threads=None, dtype="float32")


@pytest.mark.parametrize("n", [1, 2, 3])
def test_equal_seeds_give_equal_bits_in_any_thread_and_company(n):
    with threadpool_limits(n, user_api="blas"):
        results = [fitted(), in_another_thread(fitted)]
        with another_model_predicts():
            results += [fitted(), in_another_thread(fitted)]
        for other in results[1:]:
            for a, b in zip(results[0], other, strict=True):
                np.testing.assert_array_equal(a, b)


class OneNumberAThread:
    """A BLAS like the OpenBLAS that is built on OpenMP: each thread says how many for itself."""

    def __init__(self):
        self.numbers = threading.local()

    @property
    def num_threads(self):
        return getattr(self.numbers, "n", 8)

    def set_num_threads(self, n):
        self.numbers.n = n


def test_every_thread_that_works_holds_a_blas_with_a_number_for_each(monkeypatch):
    library = OneNumberAThread()
    monkeypatch.setattr(blas, "_libraries", lambda: ((), (library,)))
    monkeypatch.setattr(threads, "_pool", threads._Pool())  # whose helpers begin anew
    together = threading.Barrier(3, timeout=PATIENCE)
    seen = {}

    def job(i):
        together.wait()  # so each of three threads gets one
        seen[threading.get_ident()] = library.num_threads

    monkeypatch.setattr(threads, "get_threads", lambda: 3)
    with one_blas_thread():
        threads.run(job, 3)
    assert list(seen.values()) == [1, 1, 1]
    assert library.num_threads == 8


def test_control_that_is_lost_at_once_is_taken_again():
    rude = SimpleNamespace(num_threads=8, asked=0)

    def set_num_threads(n):
        rude.asked += 1
        if rude.asked == 3:  # until then, another thread was faster
            rude.num_threads = n

    rude.set_num_threads = set_num_threads
    rude.clear_controlling_thread = lambda force: None
    blas._set(rude, 1)
    assert rude.num_threads == 1


def holds_blas(answers):
    with one_blas_thread():
        held = blas_threads()
    answers.put((held, blas_threads()))


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("locked", [False, True])
def test_a_child_forked_while_blas_is_held_begins_anew(locked):
    """The thread that held it, and perhaps the lock, is none of the child's."""
    entered, leave = threading.Event(), threading.Event()

    def holds():
        with one_blas_thread():
            if locked:
                blas._users.lock.acquire()
            entered.set()
            leave.wait(PATIENCE)
            if locked:
                blas._users.lock.release()

    fork = multiprocessing.get_context("fork")
    with threadpool_limits(2, user_api="blas"):
        count = len(blas_threads())
        holder = threading.Thread(target=holds, daemon=True)
        holder.start()
        entered.wait(PATIENCE)
        answers = fork.Queue()
        child = fork.Process(target=holds_blas, args=(answers,))
        child.start()
        try:
            assert answers.get(timeout=PATIENCE) == ([1] * count, [2] * count)
        finally:
            child.kill()
            child.join()
            leave.set()
            holder.join()
        assert blas_threads() == [2] * count


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_may_be_forked_inside_the_block_and_leave_it():
    fork = multiprocessing.get_context("fork")
    answers = fork.Queue()
    with threadpool_limits(2, user_api="blas"):
        count = len(blas_threads())
        block = one_blas_thread()
        block.__enter__()

        def leaves():
            block.__exit__(None, None, None)
            holds_blas(answers)

        child = fork.Process(target=leaves)
        child.start()
        try:
            assert answers.get(timeout=PATIENCE) == ([1] * count, [2] * count)
        finally:
            child.kill()
            child.join()
            block.__exit__(None, None, None)
