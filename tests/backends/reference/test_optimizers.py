"""Steps whose numbers come out even, in Keras's conventions."""

import numpy as np
import pytest

from minicnn.backends.reference import adam, adamw, rmsprop, sgd


def one(value):
    return np.array([float(value)])


def items(arrays):
    return [array.item() for array in arrays]


def test_sgd():
    # m = 0.5·4 - 0.25·2 = 1.5
    p, m = sgd(one(1), one(2), one(4), lr=0.25, momentum=0.5, nesterov=False)
    assert items((p, m)) == [1 + 1.5, 1.5]


def test_sgd_nesterov():
    # the same m, then p moves by 0.5·1.5 - 0.25·2 = 0.25
    p, m = sgd(one(1), one(2), one(4), lr=0.25, momentum=0.5, nesterov=True)
    assert items((p, m)) == [1 + 0.25, 1.5]


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_without_momentum_forgets_the_past(nesterov):
    p, _ = sgd(one(1), one(2), one(4), lr=0.25, momentum=0.0, nesterov=nesterov)
    assert p.item() == 1 - 0.5


def test_rmsprop():
    # v = 0.75·0 + 0.25·2² = 1;   sqrt(1 + 1.25) = 1.5: epsilon stands inside the root
    p, v = rmsprop(one(1), one(2), one(0), lr=0.75, rho=0.75, epsilon=1.25)
    assert items((p, v)) == [1 - 0.75 * 2 / 1.5, 1]


def test_rmsprop_with_momentum():
    # m = 0.5·3 + 0.75·2/1.5 = 2.5
    p, v, m = rmsprop(one(1), one(2), one(0), 0.75, 0.75, 1.25, momentum=0.5, m=one(3))
    assert items((p, v, m)) == [1 - 2.5, 1, 2.5]


def test_rmsprop_centered():
    # v = 0.75·2.75 + 1 = 3.0625;   mean = 0.75·1 + 0.25·2 = 1.25;   3.0625 - 1.25² = 1.5
    p, v, mean_g = rmsprop(one(1), one(2), one(2.75), 0.75, 0.75, 0.75, mean_g=one(1))
    assert items((p, v, mean_g)) == [1 - 0.75 * 2 / 1.5, 3.0625, 1.25]


def test_rmsprop_with_both():
    p, v, m, mean_g = rmsprop(
        one(1), one(2), one(2.75), 0.75, 0.75, 0.75, momentum=0.5, m=one(3), mean_g=one(1)
    )
    assert items((p, v, m, mean_g)) == [1 - 2.5, 3.0625, 2.5, 1.25]


def test_the_first_step_of_adam():
    # alpha = 0.5·sqrt(1 - 0.75) / (1 - 0.5) = 0.5;   m = 0.5·2 = 1;   v = 0.25·2² = 1
    p, m, v = adam(one(1), one(2), one(0), one(0), t=1, lr=0.5, b1=0.5, b2=0.75, epsilon=0.25)
    assert items((p, m, v)) == [1 - 0.5 * 1 / (1 + 0.25), 1, 1]


def test_the_second_step_of_adam():
    # alpha = 0.75·sqrt(1 - 0.36) / (1 - 0.25) = 0.8;   m = 0.5·1 + 0.5·3;   v = 0.6·9 + 0.4·9
    p, m, v = adam(one(1), one(3), one(1), one(9), t=2, lr=0.75, b1=0.5, b2=0.6, epsilon=1.0)
    assert items((p, m, v)) == pytest.approx([1 - 0.8 * 2 / (3 + 1), 2, 9], rel=1e-15)


def test_adamw_decays_first():
    # p = 2 - 2·0.125·0.5 = 1.875, then the first step of adam from above
    p, m, v = adamw(one(2), one(2), one(0), one(0), 1, 0.5, 0.5, 0.75, 0.25, weight_decay=0.125)
    assert items((p, m, v)) == [1.875 - 0.4, 1, 1]


def test_rmsprop_centered_says_when_rounding_leaves_no_root():
    # A constant gradient has no spread: v - mean_g² is 0 but for the rounding of the slots.
    g = np.array([91.07671356201172], np.float32)

    def a_hundred_steps():
        p = v = mean_g = np.zeros(1, np.float32)
        for _ in range(100):
            p, v, mean_g = rmsprop(p, g, v, 1e-3, 0.5, 1e-7, mean_g=mean_g)

    # Python 3.11 to 3.13, and 3.14, word it differently
    with pytest.raises(ValueError, match=r"math domain error|nonnegative"):
        a_hundred_steps()


STEPS = {
    "sgd": lambda p, g: sgd(p, g, p * 0, 0.1, 0.9, True),
    "rmsprop": lambda p, g: rmsprop(p, g, p * 0, 0.1, 0.9, 1e-7, momentum=0.9, m=p, mean_g=p * 0),
    "adam": lambda p, g: adam(p, g, p * 0, p * 0, 1, 0.1, 0.9, 0.999, 1e-7),
    "adamw": lambda p, g: adamw(p, g, p * 0, p * 0, 1, 0.1, 0.9, 0.999, 1e-7, 0.01),
}


@pytest.mark.parametrize("name", STEPS)
def test_every_number_steps_for_itself_and_inputs_stay(name):
    rng = np.random.default_rng(0)
    p, g = rng.normal(size=(2, 2, 3, 2)).astype(np.float32)
    p_before, g_before = p.copy(), g.copy()
    results = STEPS[name](p, g)
    np.testing.assert_array_equal(p, p_before)
    np.testing.assert_array_equal(g, g_before)
    alone = STEPS[name](p[1, 2:, 1:], g[1, 2:, 1:])
    for result, its_corner in zip(results, alone, strict=True):
        assert (result.shape, result.dtype) == (p.shape, np.float32)
        np.testing.assert_array_equal(result[1, 2:, 1:], its_corner)
