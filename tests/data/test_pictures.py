"""Pictures as batches: complete, reproducible, split without leaks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicnn.data import Batch, Dataset, Pictures
from minicnn.errors import ConfigError, DataError
from minicnn.randomness import generator


def some(n: int = 23, classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    x = generator(n, "test").integers(0, 256, (n, 9, 11, 3), dtype=np.uint8)
    return x, np.arange(n) % classes


def epoch(dataset: Pictures, number: int) -> Batch:
    """A whole epoch in one piece."""
    batches = list(dataset.epoch(number))
    assert len(batches) == len(dataset)
    assert all(batch.weight is None for batch in batches)
    return Batch(np.concatenate([b.x for b in batches]), np.concatenate([b.y for b in batches]))


def test_it_is_a_dataset() -> None:
    assert isinstance(Pictures(*some()), Dataset)


@given(st.integers(1, 40), st.integers(1, 15), st.integers(0, 3), st.booleans())
def test_an_epoch_has_every_picture_once(n: int, size: int, threads: int, shuffle: bool) -> None:
    x, _ = some(n)
    dataset = Pictures(x, np.arange(n), size, shuffle=shuffle, threads=threads)
    batches = list(dataset.epoch(1))
    assert len(batches) == len(dataset) == -(-n // size)
    assert all(len(batch.x) == size for batch in batches[:-1])
    order = np.concatenate([batch.y for batch in batches])
    assert sorted(order) == list(range(n))
    np.testing.assert_array_equal(np.concatenate([batch.x for batch in batches]), x[order])


@given(st.integers(1, 40), st.integers(1, 50))
def test_some_are_spread_over_all_and_as_they_are(n: int, count: int) -> None:
    x, y = some(n)
    order = generator(n, "order").permutation(n)
    shown, labels, places = Pictures(x, y[order], augment="classic", rows=order).some(count)
    assert len(places) == min(n, count)
    assert len(set(places.tolist())) == len(places)
    assert places[0] == 0
    assert len(places) == 1 or places[-1] == n - 1
    assert len(places) < 2 or np.ptp(np.diff(places)) <= 1
    np.testing.assert_array_equal(shown, x[order[places]])
    np.testing.assert_array_equal(labels, y[order[places]])


def test_epochs_differ_and_repeat() -> None:
    dataset = Pictures(*some(), batch_size=4, augment="classic")
    first, second = epoch(dataset, 0), epoch(dataset, 1)
    assert not np.array_equal(first.y, second.y)
    np.testing.assert_array_equal(first.x, epoch(dataset, 0).x)
    other_seed = Pictures(*some(), batch_size=4, augment="classic", seed=1)
    assert not np.array_equal(first.x, epoch(other_seed, 0).x)


def test_every_picture_gets_a_version_of_its_own() -> None:
    x = np.repeat(some(1)[0], 8, axis=0)
    dataset = Pictures(x, np.arange(8), batch_size=4, augment="classic")
    assert len(set(map(bytes, epoch(dataset, 0).x))) == 8


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_number_of_threads_changes_nothing(threads: int) -> None:
    alone = Pictures(*some(), batch_size=3, augment="classic", threads=0)
    many = Pictures(*some(), batch_size=3, augment="classic", threads=threads)
    for number in (0, 7):
        np.testing.assert_array_equal(epoch(alone, number).x, epoch(many, number).x)
        np.testing.assert_array_equal(epoch(alone, number).y, epoch(many, number).y)


def test_a_resumed_run_sees_what_it_would_have_seen() -> None:
    """Epoch 5 alone is epoch 5 after the others; a picture's versions do not hang on batches."""
    run = Pictures(*some(), batch_size=4, augment="classic", shuffle=False)
    for number in range(5):
        list(run.epoch(number))
    resumed = Pictures(*some(), batch_size=7, augment="classic", shuffle=False)
    np.testing.assert_array_equal(epoch(run, 5).x, epoch(resumed, 5).x)


def test_batches_belong_to_the_consumer() -> None:
    x, y = some()
    dataset = Pictures(x.copy(), y, batch_size=4)
    for batch in dataset.epoch(0):
        batch.x[:] = 0
    np.testing.assert_array_equal(dataset.arrays()[0], x)


def test_an_error_while_augmenting_reaches_the_consumer() -> None:
    def breaks(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        raise ZeroDivisionError("in the augmentation")

    with pytest.raises(ZeroDivisionError, match="in the augmentation"):
        list(Pictures(*some(), augment=breaks).epoch(0))


@given(st.integers(4, 60), st.integers(1, 3), st.floats(0.05, 0.95), st.integers(0, 9))
def test_split(n: int, classes: int, fraction: float, seed: int) -> None:
    x, y = some(max(n, 2 * classes), classes)
    whole = Pictures(x, y, augment="classic")
    first, second = whole.split(fraction, seed)
    a, b = first.arrays()[0], second.arrays()[0]
    assert sorted(map(bytes, (*a, *b))) == sorted(map(bytes, x))
    assert not set(map(bytes, a)) & set(map(bytes, b))
    for label in range(classes):
        count = int((y == label).sum())
        held = int((second.labels == label).sum())
        assert held == min(max(round(fraction * count), 1), count - 1)
    assert (first.augment, first.shuffle) == (whole.augment, True)
    assert (second.augment, second.shuffle) == (None, False)
    np.testing.assert_array_equal(whole.split(fraction, seed)[1].labels, second.labels)


@given(st.lists(st.integers(0, 5), min_size=8, max_size=40), st.integers(0, 20))
def test_equal_pictures_stay_together(kinds: list[int], seed: int) -> None:
    """A copy of a training picture in the validation set would be a leak."""
    kinds = [*kinds, 0, 1, 2, 3]  # two kinds of each class at least
    x = some(6)[0][kinds]
    first, second = Pictures(x, np.array(kinds) % 2).split(0.3, seed)
    assert not set(map(bytes, first.arrays()[0])) & set(map(bytes, second.arrays()[0]))
    assert len(first.labels) + len(second.labels) == len(kinds)


def test_parts_draw_the_versions_of_the_whole() -> None:
    whole = Pictures(*some(), augment="classic", shuffle=False)
    part = whole.split(0.3)[0]
    pictures = {bytes(p): v for p, v in zip(whole.arrays()[0], epoch(whole, 2).x, strict=True)}
    for picture, version in zip(part.arrays()[0], epoch(part, 2).x, strict=True):
        np.testing.assert_array_equal(version, pictures[bytes(picture)])


def test_a_split_may_be_split() -> None:
    rest, test = Pictures(*some(40)).split(0.2, seed=1)
    training, validation = rest.split(0.25, seed=2)
    parts = [set(map(bytes, part.arrays()[0])) for part in (training, validation, test)]
    assert [len(part) for part in parts] == [24, 8, 8]
    assert all(not a & b for a, b in pairwise([*parts, parts[0]]))


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Pictures(np.zeros((3, 4, 4, 3)), np.zeros(3)), DataError, "astype"),
        (lambda: Pictures(np.zeros((3, 4, 4), np.uint8), np.zeros(3)), DataError, "(N, H, W, 3)"),
        (lambda: Pictures(*some()[:1], np.zeros(3)), DataError, "one length"),
        (lambda: Pictures(*some(), batch_size=0), ConfigError, "batch_size"),
        (lambda: Pictures(*some(), augment="clasic"), ConfigError, "'classic', 'mild'"),
        (lambda: Pictures(*some(), augment=7), ConfigError, "Augmentation("),
        (lambda: Pictures(*some()).split(0), ConfigError, "between 0 and 1"),
        (lambda: Pictures(*some()).split(1), ConfigError, "between 0 and 1"),
        (lambda: Pictures(*some(3, 2)).split(0.5), DataError, "got 1 of class 1"),
    ],
)
def test_errors(make: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        make()
    assert "expected" in str(caught.value)
    assert words in str(caught.value)


def test_an_augmentation_may_bring_pictures_to_another_size() -> None:
    x, y = some(10)
    small = Pictures(x, y, 4, augment=lambda picture, _: picture[:5, :7])
    batch = epoch(small, 0)
    assert (batch.x.shape, batch.x.dtype) == ((10, 5, 7, 3), np.dtype(np.uint8))
    floats = Pictures(x, y, 4, augment=lambda picture, _: picture * 1.0)
    np.testing.assert_array_equal(epoch(floats, 0).x, epoch(Pictures(x, y, 4), 0).x)
    uneven = Pictures(x, y, 4, augment=lambda picture, rng: picture[: rng.integers(1, 9)])
    with pytest.raises(DataError, match="expected augmented pictures of one size"):
        epoch(uneven, 0)
