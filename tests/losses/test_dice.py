import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.testing import check_loss
from tests.strategies import seeds

shapes = st.lists(st.integers(1, 3), min_size=2, max_size=4).map(tuple)


def in_loops(y_pred, y_true, smooth):
    total = 0.0
    for p, y in zip(y_pred, y_true, strict=True):
        overlap = size = 0.0
        for index in np.ndindex(*p.shape):
            overlap += p[index] * y[index]
            size += p[index] + y[index]
        total += 1 - (2 * overlap + smooth) / (size + smooth)
    return total / len(y_pred)


@given(shape=shapes, smooth=st.floats(0.01, 3), seed=seeds)
def test_it_is_its_definition(shape, smooth, seed):
    rng = np.random.default_rng(seed)
    p, y = rng.random(shape), rng.random(shape)
    assert mc.Dice(smooth).forward(p, y)[0] == pytest.approx(in_loops(p, y, smooth))


def test_it_keeps_every_promise_of_a_loss_over_whole_samples():
    def masks(rng, shape):
        return rng.uniform(0.05, 0.95, shape)

    check_loss(mc.Dice, labels=masks, predictions=masks)


def test_equal_masks_cost_nothing_and_masks_that_do_not_meet_nearly_all():
    mask = np.zeros((1, 6, 6, 1))
    mask[:, :3] = 1
    assert mc.Dice().forward(mask, mask)[0] == 0
    assert mc.Dice().forward(1 - mask, mask)[0] == pytest.approx(1 - 1 / 37)
    assert mc.Dice().forward(0 * mask, 0 * mask)[0] == 0


def test_labels_are_masks():
    with pytest.raises(mc.LabelError, match="dice: expected labels from 0 to 1, got 7"):
        mc.Dice().forward(np.full((1, 2, 2, 1), 0.5), np.full((1, 2, 2, 1), 7))
    with pytest.raises(mc.ShapeError, match=r"dice: .*a mask has the height"):
        mc.Dice().forward(np.full((1, 2, 2, 1), 0.5), np.zeros((1, 3, 2, 1)))


def test_a_segmentation_is_trained_with_it():
    """Bright pixels are foreground, one in twenty; "background everywhere" is no way out."""
    x = np.random.default_rng(0).random((16, 12, 12, 1))
    y = x > 0.95
    model = mc.Sequential([mc.Conv2D(1, 1, activation="sigmoid")], input_shape=(12, 12, 1))
    model.compile(mc.Adam(0.3), "dice", metrics=["iou"])
    history = model.fit(x, y, epochs=60, batch_size=8, verbose=0).history
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert history["iou"][-1] > 10 * history["iou"][0]
