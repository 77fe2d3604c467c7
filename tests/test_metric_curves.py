"""The curves against their definitions, counted at each threshold; the area is the AUC."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn import metrics
from tests.strategies import seeds


@st.composite
def two_classes(draw):
    """Labels of both classes, and scores from few values, which often tie."""
    N, rng = draw(st.integers(2, 40)), np.random.default_rng(draw(seeds))
    return rng.permutation(np.append([0, 1], rng.integers(0, 2, N - 2))), rng.integers(0, 8, N) / 7


@given(two_classes())
def test_every_point_is_what_its_threshold_gives(given_):
    y, scores = given_
    roc, pr = metrics.roc_curve(y, scores), metrics.precision_recall_curve(y, scores)
    for fpr, tpr, t in zip(*roc, strict=True):
        assert fpr == pytest.approx(np.mean(scores[y == 0] >= t))
        assert tpr == pytest.approx(np.mean(scores[y == 1] >= t))
    for precision, recall, t in zip(*pr, strict=True):
        assert precision == pytest.approx(np.mean(y[scores >= t]))
        assert recall == pytest.approx(np.mean(scores[y == 1] >= t))
    assert list(pr.thresholds) == sorted(set(scores), reverse=True)


@given(two_classes())
def test_the_area_under_the_roc_curve_is_the_auc(given_):
    roc = metrics.roc_curve(*given_)
    area = np.trapezoid(roc.true_positive_rate, roc.false_positive_rate)
    assert area == pytest.approx(metrics.auc(*given_))


@given(two_classes(), st.integers(1, 12))
def test_calibration_counts_everyone_once(given_, bins):
    y, scores = given_
    c = metrics.calibration(y, scores, bins)
    assert c.counts.sum() == len(y)
    assert (c.counts * c.observed).sum() == pytest.approx(y.sum())
    assert (c.counts * c.predicted).sum() == pytest.approx(scores.sum())
    assert (np.diff(c.predicted) > 0).all()


def test_a_probability_of_one_is_in_the_last_bin():
    c = metrics.calibration([1, 0], [1.0, 0.0], bins=10)
    assert c.predicted.tolist() == [0, 1]
    assert c.observed.tolist() == [0, 1]


@pytest.mark.parametrize("curve", [metrics.roc_curve, metrics.precision_recall_curve])
def test_one_class_alone_has_no_curve(curve):
    with pytest.raises(mc.LabelError, match="samples of both classes, got 2 of class 1 alone"):
        curve([1, 1], [0.2, 0.3])


@pytest.mark.parametrize(
    ("error", "y", "scores", "message"),
    [
        (mc.ShapeError, [0, 1], [0.1, 0.2, 0.3], "2 labels and 3 scores; .*y_pred"),
        (mc.LabelError, [0, 2], [0.1, 0.2], "labels 0 and 1"),
        (mc.LabelError, [0, 1], [-3.0, 4.0], "got -3 to 4; take the sigmoid"),
        (mc.NotFiniteError, [0, 1], [0.1, np.nan], "finite scores"),
    ],
)
def test_what_is_no_prediction_is_refused(error, y, scores, message):
    with pytest.raises(error, match=message):
        metrics.calibration(y, scores)
