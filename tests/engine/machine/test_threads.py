"""The library's own threads: all jobs done, errors told, the number as it was asked for."""

import gc
import os
import subprocess
import sys
import threading
import time
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.engine.machine import threads
from tests.left_out import needs
from tests.narrow import needs_threads
from tests.patience import PATIENCE


@pytest.fixture(autouse=True)
def threads_again():
    yield
    mc.set_threads(None)


@given(st.integers(0, 40), st.integers(1, 6))
def test_every_job_is_done_once(count, n):
    mc.set_threads(n)
    done = np.zeros(count, int)

    def job(i):
        done[i] += 1

    threads.run(job, count)
    assert (done == 1).all()


@needs_threads
def test_helpers_do_help():
    """Two jobs that wait for each other can only end if two threads work."""
    mc.set_threads(2)
    meeting = threading.Barrier(2, timeout=PATIENCE)
    threads.run(lambda i: meeting.wait(), 2)


@pytest.mark.parametrize("n", [1, 3])
def test_an_error_in_a_job_reaches_the_caller(n):
    mc.set_threads(n)

    def job(i):
        if i == 3:
            raise KeyError("job 3")

    for _ in range(5):
        with pytest.raises(KeyError, match="job 3"):
            threads.run(job, 8)
    assert not threads.inside_job()


def test_a_job_with_jobs_of_its_own_does_them_itself():
    mc.set_threads(3)
    done = []
    threads.run(lambda i: threads.run(lambda j: done.append((i, j)), 3), 4)
    assert sorted(done) == [(i, j) for i in range(4) for j in range(3)]


def test_jobs_see_the_callers_errstate():
    mc.set_threads(3)
    seen = []
    with np.errstate(over="raise"):
        threads.run(lambda i: seen.append(np.geterr()["over"]), 6)
    assert seen == ["raise"] * 6


@pytest.mark.parametrize("n", [0, -1, 1.5, "2", True])
def test_senseless_numbers_of_threads_are_refused(n):
    with pytest.raises(mc.ConfigError, match="set_threads"):
        mc.set_threads(n)


@needs_threads
def test_the_environment_sets_the_number(monkeypatch):
    monkeypatch.setenv("MINICNN_THREADS", "3")
    assert mc.get_threads() == 3
    mc.set_threads(2)
    assert mc.get_threads() == 2
    mc.set_threads(None)
    monkeypatch.setenv("MINICNN_THREADS", "many")
    with pytest.raises(mc.ConfigError, match="MINICNN_THREADS"):
        mc.get_threads()


@needs(hasattr(os, "sched_setaffinity"), "of bound processes", "no sched_setaffinity: Linux has it")
def test_a_process_bound_to_one_core_uses_one_thread():
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "import minicnn as mc; print(mc.get_threads())"
    )
    environment = {k: v for k, v in os.environ.items() if k != "MINICNN_THREADS"}
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert answer.stdout.strip() == "1"


@pytest.mark.parametrize("n", [1, 3])
def test_a_failed_batch_is_let_go_of_with_its_error(n):
    mc.set_threads(n)
    gc.collect()
    gc.disable()
    try:
        batch = np.ones(3)
        alive = weakref.ref(batch)

        def job(i, batch=batch):
            raise KeyError(i)

        with pytest.raises(KeyError):
            threads.run(job, 4)
        del job, batch
        deadline = time.monotonic() + PATIENCE
        while alive() is not None and time.monotonic() < deadline:
            time.sleep(0.01)  # a helper may come late, and find nothing left to do
        assert alive() is None
    finally:
        gc.enable()


@needs_threads
def test_ctrl_c_between_two_jobs_leaves_nobody_waiting(monkeypatch):
    """It may come when the caller has taken a job and not begun it."""
    take = threads._Task._take

    def interrupted(task):
        i = take(task)
        if threading.current_thread() is threading.main_thread() and i == 1:
            raise KeyboardInterrupt
        return i

    mc.set_threads(1)
    monkeypatch.setattr(threads._Task, "_take", interrupted)
    done = []

    monkeypatch.setattr(threads._Task, "wait", within_patience(threads._Task.wait))
    with pytest.raises(KeyboardInterrupt):
        threads.run(done.append, 4)
    assert done == [0]
    assert not threads.inside_job()


def within_patience(wait):
    """The same, but an error where it would never end."""

    def waits(task):
        waiting = threading.Thread(target=wait, args=(task,), daemon=True)
        waiting.start()
        waiting.join(PATIENCE)
        assert not waiting.is_alive(), "it waits for ever"

    return waits


@needs_threads
def test_the_caller_waits_for_helpers_though_it_was_interrupted(monkeypatch):
    """Ctrl-C while helpers are being invited: those that came may be in the middle of a job."""
    mc.set_threads(2)
    began, go_on, ended = threading.Event(), threading.Event(), []

    def job(i):
        began.set()
        go_on.wait(PATIENCE)
        ended.append(i)

    offer = threads._Pool.offer

    def interrupted(pool, task, helpers):
        offer(pool, task, helpers)
        began.wait(PATIENCE)
        threading.Timer(0.05, go_on.set).start()
        raise KeyboardInterrupt

    monkeypatch.setattr(threads._Pool, "offer", interrupted)
    with pytest.raises(KeyboardInterrupt):
        threads.run(job, 2)
    assert 0 in ended
