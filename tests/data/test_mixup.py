"""Pictures laid over each other, and their labels with them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.data import Mixup, Pictures
from minicnn.data.arrays import ArrayDataset
from minicnn.data.dataset import Whole
from minicnn.errors import ConfigError, LabelError
from minicnn.randomness import generator
from tests.strategies import seeds


def flat(n, values, **options):
    """Pictures of one grey each, so that a mixture shows its shares."""
    x = np.ones((n, 4, 4, 3), np.uint8) * np.asarray(values, np.uint8)[:, None, None, None]
    return Pictures(x, np.arange(n) % 2, **{"batch_size": 4, "threads": 0, **options})


@given(seed=seeds, alpha=st.floats(0.05, 5))
def test_labels_are_mixed_in_the_shares_of_the_pictures(seed, alpha):
    """White is class 1 and black class 0: the grey of a mixture is its label."""
    data = Mixup(flat(10, [0, 255] * 5, seed=seed), alpha, seed=seed)
    for batch in data.epoch(3):
        assert batch.x.dtype == np.uint8
        assert batch.y.dtype == np.float32
        np.testing.assert_allclose(batch.x[:, 0, 0, 0] / 255, batch.y, atol=0.5 / 255 + 1e-6)
        assert (batch.x == batch.x[:, :1, :1, :1]).all()


@given(seed=seeds)
def test_an_epoch_can_begin_anywhere_and_is_always_the_same(seed):
    data = Mixup(flat(10, range(10), seed=seed), seed=seed)
    whole, again = list(data.epoch(2)), list(data.epoch(2))
    later = list(data.epoch(2, start=1))
    for one, other in [*zip(whole, again, strict=True), *zip(whole[1:], later, strict=True)]:
        np.testing.assert_array_equal(one.x, other.x)
        np.testing.assert_array_equal(one.y, other.y)


def test_epochs_and_seeds_differ():
    data = Mixup(flat(64, range(64), batch_size=64), alpha=1.0)
    other = Mixup(flat(64, range(64), batch_size=64), alpha=1.0, seed=1)
    x = [next(iter(d.epoch(e))).x for d, e in ((data, 0), (data, 1), (other, 0))]
    assert not (x[0] == x[1]).all()
    assert not (x[0] == x[2]).all()


def test_numbers_of_classes_become_shares():
    x = np.zeros((6, 4, 4, 3), np.uint8)
    data = Mixup(Pictures(x, np.array([0, 1, 2, 0, 1, 2]), 6, threads=0), alpha=1.0, one_hot=3)
    (batch,) = data.epoch(0)
    assert batch.y.shape == (6, 3)
    np.testing.assert_allclose(batch.y.sum(axis=1), 1, rtol=1e-6)
    assert ((batch.y > 0).sum(axis=1) > 1).any()


@given(seed=seeds)
def test_floats_stay_the_floats_they_are(seed):
    x = generator(seed, "x").standard_normal((5, 3))
    data = Mixup(ArrayDataset(x, np.zeros(5), 5), seed=seed)
    (batch,) = data.epoch(0)
    assert batch.x.dtype == np.float64
    a_hair = 4 * np.spacing(np.abs(x).max())  # w·x + (1 - w)·x may be a last digit beyond x
    assert batch.x.min() >= x.min() - a_hair
    assert batch.x.max() <= x.max() + a_hair


def test_a_network_learns_from_mixtures():
    data = Mixup(flat(32, [40, 200] * 16, batch_size=8), alpha=0.3)
    model = mc.Sequential([mc.Flatten(), mc.Dense(1, activation="sigmoid")], (4, 4, 3))
    model.compile(mc.Adam(0.02), "binary_crossentropy", ["accuracy"])
    model.fit(data, epochs=20, verbose=0)
    x, y = data.data.arrays()
    assert model.evaluate(x, y)["accuracy"] == 1.0


def test_a_gpu_does_not_take_it_for_the_data_behind_it():
    """What stays on the device whole is cut there, and would never be mixed."""
    assert not isinstance(Mixup(flat(4, range(4))), Whole)


def test_mistakes_are_explained():
    for alpha in (0, -1, float("nan"), float("inf"), "much", None):
        with pytest.raises(ConfigError, match="alpha above 0"):
            Mixup(flat(4, range(4)), alpha=alpha)
    with pytest.raises(ConfigError, match=r"expected a data set.*got ndarray"):
        Mixup(np.zeros((4, 4, 4, 3), np.uint8))
    with pytest.raises(ConfigError, match="one_hot"):
        Mixup(flat(4, range(4)), one_hot=1)
    weighted = ArrayDataset(np.zeros((4, 2)), np.zeros(4), weight=np.ones(4))
    with pytest.raises(ConfigError, match="without weights"):
        list(Mixup(weighted).epoch(0))


@pytest.mark.parametrize("label", [-1, 3, 0.5])
def test_a_label_that_is_no_class_is_not_another_class(label):
    data = ArrayDataset(np.zeros((4, 2)), np.array([0, 1, 2, label]), 4)
    with pytest.raises(LabelError, match=f"class numbers from 0 to 2, got {label}"):
        list(Mixup(data, one_hot=3).epoch(0))


def test_class_numbers_may_be_floats():
    data = ArrayDataset(np.zeros((4, 2)), np.array([0.0, 1.0, 2.0, 1.0]), 4)
    (batch,) = Mixup(data, one_hot=3).epoch(0)
    np.testing.assert_allclose(batch.y.sum(axis=1), 1, rtol=1e-6)


def test_the_model_learns_the_names_of_the_classes():
    pictures = flat(4, range(4))
    pictures.classes = ("cat", "dog")
    model = mc.Sequential([mc.Flatten(), mc.Dense(1, activation="sigmoid")], (4, 4, 3))
    model.compile("sgd", "binary_crossentropy")
    model.fit(Mixup(pictures), verbose=0)
    assert tuple(model.class_names) == ("cat", "dog")


@pytest.mark.parametrize(("classes", "loss"), [(1, "binary"), (3, "categorical")])
def test_every_metric_takes_a_mixture_for_its_nearest_class(classes, loss):
    x, y = np.zeros((12, 4, 4, 3), np.uint8), np.arange(12) % max(classes, 2)
    data = Mixup(Pictures(x, y, 5, threads=0), 1.0, one_hot=classes if classes > 1 else None)
    last = mc.Dense(classes, activation="sigmoid" if classes == 1 else "softmax")
    model = mc.Sequential([mc.Flatten(), last], (4, 4, 3))
    model.compile("sgd", f"{loss}_crossentropy", [*mc.metrics.FIGURES, "auc"])
    figures = model.evaluate(data)
    labels = np.concatenate([batch.y for batch in data.epoch(0)])
    hard = labels.round() if classes == 1 else np.eye(3)[labels.argmax(axis=1)]
    answers = model.predict(data)
    assert figures["auc"] == mc.metrics.auc(hard.ravel(), answers.ravel())
    table = mc.metrics.confusion_matrix(hard, answers)
    np.testing.assert_array_equal(figures["confusion_matrix"], table)
