"""Switches hold for a block of code, in one thread, and then are as they were."""

import threading

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
