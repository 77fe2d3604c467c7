"""Metrics against their definitions, counted one sample at a time."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn import metrics
from minicnn.errors import LabelError, ShapeError
from tests.narrow import indices_of_32_bits
from tests.strategies import seeds


@st.composite
def answers(draw, classes=None):
    """Labels, scores, and both as lists of classes; scores come from few values and often tie."""
    K = classes or draw(st.integers(2, 4))
    N, rng = draw(st.integers(1, 40)), np.random.default_rng(draw(seeds))
    true = rng.integers(0, K, N)
    if K == 2:
        scores = rng.integers(0, 8, (N, 1)) / 7
        return true, scores, true.tolist(), [int(s > 0.5) for s in scores[:, 0]]
    scores = rng.integers(0, 5, (N, K)) / 4
    return true, scores, true.tolist(), [row.index(max(row)) for row in scores.tolist()]


def counted(true, called, c):
    """True and false positives and false negatives of class c."""
    pairs = list(zip(true, called, strict=True))
    return (
        sum(t == c and p == c for t, p in pairs),
        sum(t != c and p == c for t, p in pairs),
        sum(t == c and p != c for t, p in pairs),
    )


def share(part, whole):
    return part / whole if whole else 0.0


@given(answers())
def test_everything_that_is_read_off_the_table(drawn):
    labels, scores, true, called = drawn
    K = max(scores.shape[1], 2)
    table = metrics.confusion_matrix(labels, scores)
    for t in range(K):
        for p in range(K):
            expected = sum((a, b) == (t, p) for a, b in zip(true, called, strict=True))
            assert table[t, p] == expected

    right = sum(t == p for t, p in zip(true, called, strict=True))
    assert metrics.accuracy(table) == pytest.approx(right / len(true))
    figures = []
    for c in [1] if K == 2 else range(K):
        tp, fp, fn = counted(true, called, c)
        figures.append((share(tp, tp + fp), share(tp, tp + fn), share(2 * tp, 2 * tp + fp + fn)))
    precision, recall, f1 = np.mean(figures, axis=0)
    assert metrics.precision(table) == pytest.approx(precision)
    assert metrics.recall(table) == pytest.approx(recall)
    assert metrics.f1(table) == pytest.approx(f1)


@given(answers(classes=2))
def test_auc_is_how_often_a_positive_outranks_a_negative(drawn):
    labels, scores, true, _ = drawn
    ranked = scores[:, 0].tolist()
    positives = [s for s, t in zip(ranked, true, strict=True) if t]
    negatives = [s for s, t in zip(ranked, true, strict=True) if not t]
    if not positives or not negatives:
        assert math.isnan(metrics.auc(labels, scores))
        return
    wins = sum((p > n) + 0.5 * (p == n) for p in positives for n in negatives)
    assert metrics.auc(labels, scores) == pytest.approx(wins / (len(positives) * len(negatives)))
    # Only the order counts, and turning it around turns the area around.
    assert metrics.auc(labels, np.exp(3 * scores)) == metrics.auc(labels, scores)
    assert metrics.auc(labels, -scores) == pytest.approx(1 - metrics.auc(labels, scores))


@given(drawn=answers(), data=st.data())
@pytest.mark.parametrize("name", [*metrics.FIGURES, "auc"])
def test_batch_by_batch_is_all_at_once(name, drawn, data):
    labels, scores, *_ = drawn if name != "auc" else data.draw(answers(classes=2))
    cuts = sorted(data.draw(st.lists(st.integers(1, len(labels)), max_size=4)))
    at_once, in_batches = metrics.get(name), metrics.get(name)
    at_once.update(labels, scores)
    in_batches.update(labels, scores)
    in_batches.reset()
    for places in np.split(np.arange(len(labels)), cuts):
        if len(places):
            in_batches.update(labels[places], scores[places])
    np.testing.assert_array_equal(in_batches.result(), at_once.result())
    assert in_batches.name == name


@given(answers(classes=3))
def test_one_hot_labels_and_rows_of_one_say_the_same(drawn):
    labels, scores, *_ = drawn
    table = metrics.confusion_matrix(labels, scores)
    for same in (np.eye(3)[labels], labels[:, None], labels.astype(float)):
        np.testing.assert_array_equal(metrics.confusion_matrix(same, scores), table)


def test_a_label_for_every_pixel():
    labels = np.array([[[0, 1], [2, 1]]])  # (1, 2, 2)
    scores = np.eye(3)[[[[0, 1], [2, 2]]]]  # (1, 2, 2, 3)
    table = metrics.confusion_matrix(labels, scores)
    np.testing.assert_array_equal(table, [[1, 0, 0], [0, 1, 1], [0, 0, 1]])


def test_a_threshold_of_one_s_own():
    metric = metrics.FromTable("sure", metrics.accuracy, threshold=0.9)
    metric.update([0, 1, 1], [[0.8], [0.85], [0.95]])
    assert metric.result() == pytest.approx(2 / 3)


@pytest.mark.parametrize("name", [*metrics.FIGURES, "auc"])
def test_before_the_first_batch_there_is_no_figure(name):
    metric = metrics.get(name)
    assert np.isnan(metric.result())
    metric.update([0, 1], [[0.2], [0.7]])
    metric.reset()
    assert np.isnan(metric.result())


def test_a_class_that_the_network_does_not_have():
    with pytest.raises(LabelError, match="class numbers from 0 to 2, got 1 to 3"):
        metrics.confusion_matrix([1, 3], np.ones((2, 3)))
    with pytest.raises(LabelError, match="class numbers from 0 to 1, got -1 to 1"):
        metrics.confusion_matrix([-1, 1], [0.1, 0.2])
    with pytest.raises(ShapeError, match="a label for each prediction"):
        metrics.confusion_matrix([1, 2, 3], np.ones((2, 3)))


def multi_label(metrics_):
    """Three questions a sample; the network hands its input to the sigmoid as it is."""
    model = mc.Sequential([mc.Sigmoid()], input_shape=(3,))
    model.compile("sgd", "binary_crossentropy", metrics=metrics_)
    return model


def test_several_yes_or_no_outputs_count_one_by_one():
    x = np.array([[3.0, 2.0, -1.0], [-1.0, -2.0, 1.5]])
    y = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
    names = ["accuracy", "precision", "recall", "f1", "auc"]
    figures = multi_label(names).evaluate(x, y)
    # Keras 3.15.1 says so of "binary_accuracy", "precision" and "recall".
    for name in names[:4]:
        assert figures[name] == pytest.approx(2 / 3)
    assert figures["auc"] == pytest.approx(metrics.auc(y.ravel(), x.ravel()))
    assert multi_label(["accuracy"]).train_on_batch(x, y)["accuracy"] == pytest.approx(2 / 3)


def test_several_yes_or_no_outputs_have_no_common_table():
    with pytest.raises(mc.ConfigError, match=r"confusion_matrix: .*\[:, k\]"):
        multi_label(["confusion_matrix"])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: metrics.auc([1, 2], [0.1, 0.2]), r"labels 0 and 1, got \[1, 2\]"),
        (lambda: metrics.auc([-1, 1], [0.1, 0.2]), r"labels 0 and 1, got \[-1, 1\]"),
        (lambda: metrics.auc([0, 1], [np.nan, 0.2]), "scores.*got NaN"),
        (lambda: metrics.confusion_matrix(["cat", "dog"], [0.2, 0.3]), "classes.index"),
        (lambda: metrics.confusion_matrix([0, 1], [np.nan, 0.3]), "predictions.*got NaN"),
        (lambda: metrics.confusion_matrix([np.nan, 1], [0.2, 0.3]), "labels.*got NaN"),
        (lambda: metrics.confusion_matrix(1, 0.3), "single number"),
        (lambda: metrics.accuracy([0, 1, 1]), r"accuracy\(confusion_matrix\(y_true, y_pred\)\)"),
        (lambda: metrics.f1(np.ones((2, 3))), r"got shape \(2, 3\)"),
    ],
)
def test_what_a_metric_cannot_take(make, says):
    with pytest.raises(mc.MinicnnError, match=says):
        make()


@pytest.mark.parametrize("K", [1, 3])
@pytest.mark.parametrize("labels", [np.int64, np.int32, np.uint8, np.float32])
def test_counting_where_indices_have_32_bits(K, labels):
    y_pred = np.random.default_rng(0).random((30, K), dtype=np.float32)
    y_true = (np.arange(30) % max(K, 2)).astype(labels)
    expected = metrics.confusion_matrix(y_true, y_pred)
    with indices_of_32_bits():
        table = metrics.confusion_matrix(y_true, y_pred)
    assert table.dtype == np.int64  # counts of a long epoch need more
    np.testing.assert_array_equal(table, expected)


@given(answers())
def test_intersection_over_union(drawn):
    labels, scores, true, called = drawn
    K = max(scores.shape[1], 2)
    each = [share(tp, tp + fp + fn) for tp, fp, fn in (counted(true, called, c) for c in range(K))]
    occurs = [c for c in range(K) if c in true or c in called]
    table = metrics.confusion_matrix(labels, scores)
    expected = each[1] if K == 2 else np.mean(each)
    assert metrics.iou(table) == pytest.approx(expected)
    assert metrics.mean_iou(table) == pytest.approx(np.mean([each[c] for c in occurs]))


def in_batches(metric, y_true, y_pred, cuts):
    for some_true, some_pred in zip(np.split(y_true, cuts), np.split(y_pred, cuts), strict=True):
        if len(some_true):
            metric.update(some_true, some_pred)
    return metric.result()


@given(
    N=st.integers(2, 30),
    far=st.sampled_from([0.0, 1e6]),
    cuts=st.lists(st.integers(0, 30), max_size=3).map(sorted),
    seed=seeds,
)
def test_distances_in_batches_are_those_of_all_numbers(N, far, cuts, seed):
    rng = np.random.default_rng(seed)
    y = far + rng.standard_normal((N, 1))
    p = y + rng.standard_normal((N, 1))
    off = p - y
    expected = {
        "mae": abs(off).mean(),
        "mse": (off**2).mean(),
        "r2": 1 - (off**2).sum() / ((y - y.mean()) ** 2).sum(),
    }
    for name, figure in expected.items():
        assert in_batches(metrics.get(name), y, p, cuts) == pytest.approx(figure, rel=1e-6)


def test_r2_without_anything_to_explain():
    metric = metrics.get("r2")
    assert math.isnan(metric.result())
    metric.update([2.0, 2.0], [2.0, 2.0])
    assert metric.result() == 1
    metric.update([2.0], [3.0])
    assert metric.result() == 0


@given(
    N=st.integers(1, 20),
    K=st.integers(3, 6),
    k=st.integers(1, 2),
    cuts=st.lists(st.integers(0, 20), max_size=2).map(sorted),
    seed=seeds,
)
def test_top_k(N, K, k, cuts, seed):
    rng = np.random.default_rng(seed)
    labels, scores = rng.integers(0, K, N), rng.integers(0, 4, (N, K)) / 4  # which tie often
    hits = 0
    for label, row in zip(labels.tolist(), scores.tolist(), strict=True):
        ahead = sum(s > row[label] or (s == row[label] and c < label) for c, s in enumerate(row))
        hits += ahead < k
    assert in_batches(metrics.TopK(k), labels, scores, cuts) == pytest.approx(hits / N)


@pytest.mark.parametrize("name", ["mae", "mse", "r2", "iou", "mean_iou", "top_k"])
def test_a_metric_goes_on_from_its_state(name):
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, 20), rng.random((20, 1))
    if name == "top_k":
        y, p = rng.integers(0, 8, 20), rng.random((20, 8))
    whole, first, second = (metrics.get(name) for _ in range(3))
    whole.update(y, p)
    first.update(y[:7], p[:7])
    second.set_state(first.state())
    second.update(y[7:], p[7:])
    assert second.result() == pytest.approx(whole.result())


def test_what_a_metric_can_not_count():
    with pytest.raises(ShapeError, match="metric mae: expected a label for each number, got 2"):
        metrics.get("mae").update([1.0, 2.0], [[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(ShapeError, match="metric top_5: expected predictions for more than 5"):
        metrics.get("top_k").update([1], [[0.2, 0.8]])
