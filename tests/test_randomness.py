import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minicnn.randomness import Moment, generator, philox_key

whole = st.integers(-(2**70), 2**70)
names = st.lists(st.text(max_size=5) | whole, max_size=4).map(tuple)


@given(seed=whole, name=names)
def test_equal_names_draw_equal_numbers(seed, name):
    one, two = generator(seed, *name), generator(seed, *name)
    np.testing.assert_array_equal(one.random(5), two.random(5))


@given(one=st.tuples(whole, names), two=st.tuples(whole, names))
def test_other_names_draw_other_numbers(one, two):
    assume(one != two)
    assert philox_key(one[0], *one[1]) != philox_key(two[0], *two[1])


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ((0, "3"), (0, 3)),
        ((0, "a", "b"), (0, "ab")),
        ((0, "a", "b"), (0, "a\x1fb")),
        ((0, "a'\x1f'b"), (0, "a", "b")),
        ((0, 1, 2), (0, 12)),
        ((1, "x"), (-1, "x")),
        ((0,), (2**64,)),
    ],
)
def test_names_that_look_alike(one, two):
    assert philox_key(*one) != philox_key(*two)


def test_a_key_is_two_words_and_stays_the_same_for_ever():
    # Models that were trained from a seed must be trained alike by every later version.
    assert philox_key(0, "shuffle", 3) == (5086488978464456670, 13810658516632399085)
    assert all(0 <= word < 2**64 for word in philox_key(2**80, "x"))


def test_numpy_s_whole_numbers_are_the_same_numbers():
    assert philox_key(np.int64(3), np.int32(4)) == philox_key(3, 4)


def test_nothing_is_drawn_from_the_global_state():
    np.random.seed(0)  # noqa: NPY002 - the very state that must stay as it is
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    generator(0, "weights").random(100)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_a_moment_of_training():
    moment = Moment(seed=1, epoch=2, step=3, sample=4)
    assert Moment.of(moment) is moment
    assert Moment.of(True) == Moment()
    assert moment.at_sample(5) == Moment(1, 2, 3, 9)
    assert moment.at_sample(5).key("dropout_1") == moment.key("dropout_1")


@pytest.mark.parametrize("what", ["seed", "epoch", "step"])
def test_every_step_of_every_run_has_a_key_of_its_own(what):
    moment = Moment(seed=1, epoch=2, step=3)
    later = dataclasses.replace(moment, **{what: 9})
    assert moment.key("dropout_1") != later.key("dropout_1")
    assert moment.key("dropout_1") != moment.key("dropout_2")


def test_epoch_and_step_do_not_run_into_one_another():
    assert Moment(0, 1, 12).key("d") != Moment(0, 11, 2).key("d")
