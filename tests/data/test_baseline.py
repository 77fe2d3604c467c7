"""The baseline that sees colours only: it finds a colour, and nothing where there is none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicnn.data.baseline import (
    RGBClassifier,
    colour_shift,
    logistic_accuracy,
    mean_colour,
    rgb_baseline,
)
from minicnn.errors import DataError
from tests.effort import examples


def noise_pictures(n, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 200, (n, 8, 8, 3)).astype(np.uint8), np.arange(n) % 2


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_finds_a_planted_colour(channel):
    x, y = noise_pictures(400)
    x[y == 1, :, :, channel] += 40
    assert rgb_baseline(x[:200], y[:200], x[200:], y[200:]) > 0.9


def test_finds_nothing_in_noise():
    x, y = noise_pictures(2000)
    assert abs(rgb_baseline(x[:1000], y[:1000], x[1000:], y[1000:]) - 0.5) < 4 * 0.5 / 1000**0.5


def test_sees_no_shape():
    """Where the bright half lies tells the class at a glance, but not to mean colours."""
    x = np.zeros((40, 8, 8, 3), np.uint8)
    y = np.arange(40) % 2
    x[y == 0, :4], x[y == 1, 4:] = 200, 200
    assert rgb_baseline(x, y, x, y) == 0.5


@examples(20)
@given(scale=st.floats(0.1, 1000), shift=st.floats(-100, 100), seed=st.integers(0, 99))
def test_units_do_not_matter(scale, shift, seed):
    rng = np.random.default_rng(seed)
    f, y = rng.normal(size=(60, 3)), np.arange(60) % 2
    f[y == 1] += 0.7
    plain = logistic_accuracy(f[:40], y[:40], f[40:], y[40:])
    g = f * scale + shift
    assert logistic_accuracy(g[:40], y[:40], g[40:], y[40:]) == plain


def test_mean_colour_is_the_mean_of_each_channel():
    x, _ = noise_pictures(3)
    np.testing.assert_allclose(mean_colour(x), x.mean(axis=(1, 2)))


def test_mistakes_are_explained():
    x, y = noise_pictures(4)
    with pytest.raises(DataError, match=r"array \(N, H, W, C\).*got shape \(8, 8, 3\); give"):
        rgb_baseline(x[0], y, x, y)
    with pytest.raises(DataError, match="one for each of the 4 pictures, got 3"):
        rgb_baseline(x, y[:3], x, y)
    with pytest.raises(DataError, match="expected labels of 0 or 1"):
        rgb_baseline(x, y + 1, x, y)


def test_the_classifier_answers_like_a_model():
    x, y = noise_pictures(200)
    x[y == 1, :, :, 0] += 10
    p = RGBClassifier(x[:100], y[:100]).predict(x[100:])
    assert p.shape == (100, 1)
    assert ((p > 0) & (p < 1)).all()
    right = ((p[:, 0] > 0.5) == y[100:]).mean()
    assert right == rgb_baseline(x[:100], y[:100], x[100:], y[100:])


@examples(20)
@given(red=st.integers(0, 255), green=st.integers(0, 255))
def test_colours_move_in_units_of_the_distance_between_the_classes(red, green):
    x = np.zeros((4, 2, 2, 3), np.uint8)
    x[2:, ..., 2] = 50  # the classes are 50 apart, in blue
    after = np.zeros((2, 2, 2, 3), np.uint8)
    after[1, ..., 0], after[1, ..., 1] = red, green
    moved = colour_shift(x, np.array([0, 0, 1, 1]), x[0], after)
    np.testing.assert_allclose(moved, [0, np.hypot(red, green) / 50], atol=1e-12)


def test_a_colour_cannot_move_between_classes_of_one_colour():
    x, y = noise_pictures(4)
    with pytest.raises(DataError, match="expected labels of 0 or 1"):
        colour_shift(x, y + 1, x[0], x)
    with pytest.raises(DataError, match=r"two classes of different mean colour.*, got .*; give"):
        colour_shift(np.repeat(x[:1], 4, axis=0), y, x[0], x)
    with pytest.raises(DataError, match=r"two classes of different mean colour.*, got .*; give"):
        colour_shift(x, np.zeros(4), x[0], x)
