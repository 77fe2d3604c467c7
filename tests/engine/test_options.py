"""Switches hold for a block of code, in one thread, and then are as they were."""

import threading

import pytest

import minicnn as mc
from minicnn.engine import engine_options
from minicnn.engine.options import current_options
from tests.narrow import needs_threads


def test_switches_nest_and_come_back():
    with engine_options(strips=False):
        with engine_options(block=3):
            assert (current_options().strips, current_options().block) == (False, 3)
        assert (current_options().strips, current_options().block) == (False, None)
    assert current_options().strips


@needs_threads
def test_another_thread_is_not_concerned():
    seen = []
    with engine_options(plain=True):
        thread = threading.Thread(target=lambda: seen.append(current_options().plain))
        thread.start()
        thread.join()
    assert seen == [False]


def test_recording_is_still_known_by_its_old_name():
    with engine_options(tapes=False):
        assert not current_options().record


@pytest.mark.parametrize("block", [0, -1, 1.5, "all", True])
def test_a_block_has_at_least_one_sample(block):
    with (
        pytest.raises(mc.ConfigError, match="expected block to be a whole number"),
        engine_options(block=block),
    ):
        pass


def test_a_switch_that_there_is_not_is_refused():
    with (
        pytest.raises(mc.ConfigError, match=r"expected switches from plain, .*, got 'thread'"),
        engine_options(thread=False),
    ):
        pass


def test_a_switch_has_one_value():
    with (
        pytest.raises(mc.ConfigError, match="got both; leave out tapes"),
        engine_options(tapes=False, record=True),
    ):
        pass
