"""No batch is made to be dropped: not to learn a shape, and not to see that there is one."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import pytest

import minicnn as mc
from minicnn.cores import can_start_threads
from minicnn.data import Augmentation, Batch, Mixup, Pictures, prefetch
from minicnn.data.arrays import ArrayDataset
from minicnn.model.feeding import sample_shape

X, Y = np.zeros((12, 8, 8, 3), np.uint8), np.arange(12) % 2


def network(built: bool) -> mc.Sequential:
    shape = (8, 8, 3) if built else None
    model = mc.Sequential([mc.Flatten(), mc.Dense(1, activation="sigmoid")], input_shape=shape)
    model.compile(loss="binary_crossentropy")
    return model


class Counting(Pictures):
    """Pictures that count how often each was made ready, and how often an epoch began."""

    def __init__(self, **options: object) -> None:
        super().__init__(X, Y, batch_size=3, **options)
        self.made: Counter[int] = Counter()
        self.lock = threading.Lock()

    def _batch(self, epoch: int, places: np.ndarray) -> Batch:
        with self.lock:
            self.made.update(places.tolist())
        return super()._batch(epoch, places)


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """An entry for each pool of threads that was started to make batches."""
    started: list[int] = []
    really = prefetch.ThreadPoolExecutor

    def pool(threads: int, **options: object) -> object:
        started.append(threads)
        return really(threads, **options)

    monkeypatch.setattr(prefetch, "ThreadPoolExecutor", pool)
    return started


def test_each_picture_is_made_ready_once_an_epoch(pools: list[int]) -> None:
    data, held_back = Counting(threads=2), Counting(threads=2, shuffle=False)
    model = network(built=True)
    model.fit(data, epochs=2, validation_data=held_back, verbose=0)
    assert set(data.made.values()) == {2}
    assert held_back.made == Counter(range(12)) + Counter(range(12)) + Counter([1])  # one look
    assert len(pools) == (4 if can_start_threads() else 0)
    held_back.made.clear()
    model.evaluate(held_back)
    assert set(held_back.made.values()) == {1}
    model.predict(held_back)
    assert set(held_back.made.values()) == {2}
    assert len(pools) == (6 if can_start_threads() else 0)


@pytest.mark.parametrize("augment", [None, "classic"])
@pytest.mark.parametrize("mixed", [False, True])
def test_a_model_that_is_not_built_takes_a_look_and_starts_no_threads(
    augment: str | None, mixed: bool, pools: list[int]
) -> None:
    pictures = Counting(threads=2, augment=augment)
    data = Mixup(pictures) if mixed else pictures
    model = network(built=False)
    model.fit(data, verbose=0)
    assert model.input_shape == (8, 8, 3)
    assert sorted(pictures.made.values()) == [1] * 11 + [2]
    assert len(pools) == (1 if can_start_threads() else 0)


def resized() -> Pictures:
    return Pictures(X, Y, augment=Augmentation(size=(4, 5)))


class Halves(ArrayDataset):
    """A derived class with batches of its own."""

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        for batch in super().epoch(epoch, start):
            yield batch._replace(x=batch.x[:, ::2])


class Bare:
    """No more than the two members that a data set must have."""

    def __init__(self) -> None:
        self.closed = 0

    def __len__(self) -> int:
        return 2

    def epoch(self, epoch: int) -> Iterator[Batch]:
        try:
            yield Batch(X, Y)
            yield Batch(X, Y)
        finally:
            self.closed += 1


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: ArrayDataset(X, Y), (8, 8, 3)),
        (lambda: Pictures(X, Y), (8, 8, 3)),
        (lambda: Pictures(X, Y, augment="classic"), (8, 8, 3)),
        (resized, (4, 5, 3)),
        (lambda: Mixup(resized()), (4, 5, 3)),
        (lambda: Halves(X, Y), (4, 8, 3)),
        (lambda: Mixup(Halves(X, Y)), (4, 8, 3)),
        (Bare, (8, 8, 3)),
    ],
)
def test_the_shape_is_that_of_the_batches(make: Callable[[], object], shape: tuple) -> None:
    data = make()
    assert sample_shape(data) == shape
    assert next(iter(data.epoch(0))).x.shape[1:] == shape


def test_what_was_only_looked_at_is_closed() -> None:
    data = Bare()
    sample_shape(data)
    assert data.closed == 1


class Empty(Bare):
    def __len__(self) -> int:
        return 0

    def epoch(self, epoch: int) -> Iterator[Batch]:
        yield from ()


class Lying(Empty):
    def __len__(self) -> int:
        return 2


@pytest.mark.parametrize("built", [True, False])
@pytest.mark.parametrize("data", [Empty(), Lying()])
def test_no_batch_at_all(built: bool, data: Empty) -> None:
    for use in (network(built).fit, network(built).evaluate):
        with pytest.raises(mc.DataError, match="at least one batch, got none"):
            use(data)
