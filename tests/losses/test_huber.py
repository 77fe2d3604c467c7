import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.testing import check_loss


def by_cases(e, delta):
    return e * e / 2 if abs(e) <= delta else delta * (abs(e) - delta / 2)


@given(st.floats(-20, 20), st.floats(0.01, 10))
def test_it_is_its_definition(e, delta):
    value, cache = mc.Huber(delta).forward(np.array([[e]]), np.array([0.0]))
    assert value == pytest.approx(by_cases(e, delta), rel=1e-12, abs=1e-15)
    assert mc.Huber(delta).backward(cache).item() == pytest.approx(np.clip(e, -delta, delta))


def test_it_keeps_every_promise():
    check_loss(mc.Huber)
    check_loss(mc.MeanAbsoluteError)


@given(st.floats(-20, 20))
def test_between_the_absolute_error_and_the_square(e):
    """Half the square, or less: far out it grows as the distance does, less half a delta."""
    y_pred, y_true = np.array([[e]]), np.array([0.0])
    huber, square, absolute = (
        loss.forward(y_pred, y_true)[0]
        for loss in (mc.Huber(), mc.MeanSquaredError(), mc.MeanAbsoluteError())
    )
    assert absolute - 0.5 <= huber + 1e-12
    assert huber <= square / 2 + 1e-12


def test_a_delta_that_makes_no_sense():
    with pytest.raises(mc.ConfigError, match=r"Huber.*delta"):
        mc.Huber(0)
