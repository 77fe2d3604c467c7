import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.data.arrays import ArrayDataset, as_samples
from minicnn.data.dataset import Dataset
from tests.strategies import seeds

sizes = st.integers(1, 20)


def numbered(n, **options):
    """x, y and weight all say which sample it is."""
    x = np.arange(n, dtype=np.float32)[:, None]
    return ArrayDataset(x, np.arange(n), weight=np.arange(n) * 10.0, **options)


@given(n=sizes, batch_size=sizes, shuffle=st.booleans(), seed=seeds, epoch=st.integers(0, 9))
def test_an_epoch_has_every_sample_once_with_its_label_and_weight(
    n, batch_size, shuffle, seed, epoch
):
    data = numbered(n, batch_size=batch_size, shuffle=shuffle, seed=seed)
    batches = list(data.epoch(epoch))
    assert len(batches) == len(data)
    assert all(len(batch.x) == batch_size for batch in batches[:-1])
    order = np.concatenate([batch.y for batch in batches])
    assert sorted(order) == list(range(n))
    if not shuffle:
        assert order.tolist() == list(range(n))
    for batch in batches:
        np.testing.assert_array_equal(batch.x[:, 0], batch.y)
        np.testing.assert_array_equal(batch.weight, batch.y * 10)


def order_of(data, epoch):
    return [int(label) for batch in data.epoch(epoch) for label in batch.y]


def test_an_epoch_is_the_same_whenever_it_is_asked_for():
    data = numbered(30, batch_size=4, seed=3)
    later = order_of(data, 5)
    assert order_of(data, 0) != later
    assert order_of(data, 5) == later == order_of(numbered(30, batch_size=7, seed=3), 5)
    assert order_of(numbered(30, seed=4), 5) != later


def test_it_is_a_data_set():
    data = numbered(3)
    assert isinstance(data, Dataset)
    assert not isinstance(data.x, Dataset)
    assert data.samples == 3


def test_a_part_keeps_the_batches_and_the_weights():
    part = numbered(10, batch_size=3, seed=1).part(6, 10, shuffle=False)
    assert order_of(part, 0) == [6, 7, 8, 9]
    assert [batch.weight.tolist() for batch in part.epoch(0)] == [[60, 70, 80], [90]]
    assert numbered(10, shuffle=False).part(0, 2).shuffle is False


class Labelled:
    """A column of a table: an index finds a row by its label, not by its place (as in pandas)."""

    dtype, shape = np.dtype(float), (3,)

    def __array__(self, dtype=None, copy=None):
        return np.array([10.0, 20.0, 30.0], dtype)

    def __getitem__(self, label):
        raise KeyError(label)

    def __len__(self):
        return 3


def test_tables_and_lists_are_taken_by_place():
    data = ArrayDataset([[1], [2], [3]], Labelled(), batch_size=3)
    (batch,) = data.epoch(0)
    np.testing.assert_array_equal(batch.y, batch.x[:, 0] * 10.0)


def test_arrays_are_not_copied():
    x = np.zeros((3, 2), np.uint8)
    assert as_samples(x, "x") is x


@pytest.mark.parametrize(
    ("samples", "kind", "says"),
    [
        (3.0, mc.ShapeError, r"at least one sample.*shape \(\)"),
        (np.zeros((0, 4)), mc.ShapeError, r"at least one sample.*\(0, 4\)"),
        ([[1, 2], [3]], mc.ShapeError, "samples of different shapes"),
        (None, mc.DtypeError, "numbers, got an array of object"),
        (["cat"], mc.DtypeError, "numbers, got an array of <U3"),
        ([1 + 2j], mc.DtypeError, "numbers, got an array of complex128"),
    ],
)
def test_what_are_no_samples(samples, kind, says):
    with pytest.raises(kind, match=f"expected x .*{says}|expected x.*{says}"):
        as_samples(samples, "x")
