"""Batches for a device: sent ahead while the one before is computed, or kept there.

Labels are looked at on the CPU, before they go: to look at them on the device would make the CPU
wait for it in every step.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from minicnn.backends import DeviceOps, room_for_a_batch, to_numpy
from minicnn.data.dataset import Batch, Whole, batches
from minicnn.data.prefetch import in_order
from minicnn.typing import Array


class Labels(NamedTuple):
    """What a step needs besides the samples; ``DeviceSteps`` makes them."""

    y: Array  # as the loss compares them
    share: Array  # each place's part of the mean loss
    classes: Array  # class numbers for the metrics, or of length 0


class DeviceBatch(NamedTuple):
    """One batch on the device."""

    x: Array
    labels: Labels
    seen: Array  # the labels as they came, on the CPU


Prepare = Callable[[Batch], Labels]  # on the CPU
Change = Callable[[Batch], Batch]
AHEAD = 4  # batches whose draws are made while others are computed
SHARE_OF_MEMORY = 0.4  # of what is free, that a data set may take for good


class Feeder:
    """Brings the batches of one data set, by a ring of pinned memory."""

    def __init__(
        self, data: Any, ring: Any, ops: DeviceOps, dtype: Any, prepare: Prepare, change: Change
    ) -> None:
        self.data, self.ring, self.ops, self.dtype = data, ring, ops, dtype
        self.prepare, self.change = prepare, change
        self._resident: tuple[Array, Labels, Array] | None = None

    def stay(self) -> None:
        """Keep the whole data set on the device, if it can be had whole and fits."""
        data = self.data
        size = data.bytes() if isinstance(data, Whole) else None
        if size is None or size > SHARE_OF_MEMORY * self.ops.free_memory():
            return
        whole = self.change(data.whole())
        y, weight = to_numpy(whole.y), whole.weight
        weight = None if weight is None else to_numpy(weight)
        labels = self.prepare(Batch(whole.x, y, weight))
        if sum(a.nbytes for a in labels) <= max(size, 1 << 24):
            self._resident = (self.ops.asarray(whole.x), labels, y)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[DeviceBatch]:
        """The batches of an epoch, from number ``start`` on."""
        coming = self._sent_ahead if self._resident is None else self._cut_from_resident
        with room_for_a_batch():
            yield from coming(epoch, start)

    def _cut_from_resident(self, epoch: int, start: int) -> Iterator[DeviceBatch]:
        """What changes from epoch to epoch goes up once: the order, and the labels in it."""
        assert isinstance(self.data, Whole)
        assert self._resident is not None
        x, labels, seen = self._resident
        order, size = self.data.order(epoch), self.data.batch_size
        count = len(order)
        firsts = np.arange(count) // size * size
        in_batch = np.minimum(size, count - firsts)  # samples in each sample's batch
        per = len(labels.classes) // count
        classes = labels.classes.reshape(count, per)[order].reshape(-1)
        share = labels.share[order] * (count / in_batch).reshape(-1, *[1] * (labels.share.ndim - 1))
        sent = [order.astype(np.int32), labels.y[order], share.astype(labels.share.dtype), classes]
        slot = self.ring.send(sent)
        on_device, y, share, classes = slot.take(self.ops.stream())
        seen = seen[order]
        parts = [slice(at, min(at + size, count)) for at in range(start * size, count, size)]
        pictures = self._pictures(x, [order[part] for part in parts], epoch)
        try:
            for part, batch in zip(parts, pictures, strict=True):
                its = slice(part.start * per, part.stop * per)
                if batch is None:
                    batch = self.ops.gather(x, on_device[part], self.dtype)
                yield DeviceBatch(batch, Labels(y[part], share[part], classes[its]), seen[part])
        finally:  # also if nobody wants the rest
            slot.give_back(self.ops.stream())

    def _pictures(self, x: Array, places: list[Array], epoch: int) -> Iterator[Array | None]:
        """Batches that are varied on the device; None for those that are not varied.

        What is drawn for them is drawn on other threads, and goes up ahead of its use.
        """
        assert isinstance(self.data, Whole)
        if not places or self.data.draws(epoch, places[0][:1]) is None:
            yield from [None] * len(places)  # of none, where a run goes on after the last step
            return
        threads = getattr(self.data, "threads", 1)
        drawn = in_order(partial(self.data.draws, epoch), places, threads, AHEAD)
        ahead: deque[Any] = deque()
        try:
            for numbers, draws in chain(zip(places, drawn, strict=True), [(None, None)]):
                if numbers is not None and draws is not None:
                    sent = [numbers.astype(np.int32), draws.matrices, draws.factors]
                    ahead.append((self.ring.send(sent), draws))
                if ahead and (len(ahead) > 1 or numbers is None):
                    yield self._varied(x, *ahead.popleft())
        finally:
            self._drop(ahead)

    def _varied(self, x: Array, slot: Any, its: Any) -> Array:
        stream = self.ops.stream()
        order, matrices, factors = slot.take(stream)
        batch = self.ops.vary(x, order, matrices, factors, its.lights, its.beyond, its.size)
        slot.give_back(stream)
        return batch

    def _sent_ahead(self, epoch: int, start: int) -> Iterator[DeviceBatch]:
        ahead: deque[Any] = deque()
        try:
            for batch in batches(self.data, epoch, start):
                ahead.append(self._send(self.change(batch)))
                if len(ahead) > 1:
                    yield from self._used(*ahead.popleft())
            while ahead:
                yield from self._used(*ahead.popleft())
        finally:
            self._drop(ahead)

    def _drop(self, ahead: Iterable[Any]) -> None:
        """Batches that were sent ahead and are not wanted, where an epoch ends before its time."""
        for slot, *_ in ahead:
            slot.drop(self.ops.stream())

    def _send(self, batch: Batch) -> Any:
        y, weight = to_numpy(batch.y), batch.weight
        weight = None if weight is None else to_numpy(weight)
        labels = self.prepare(Batch(batch.x, y, weight))
        if hasattr(batch.x, "__cuda_array_interface__"):
            return self.ring.send(labels), batch.x, y
        return self.ring.send([*labels, np.asarray(batch.x)]), None, y

    def _used(self, slot: Any, x: Array | None, seen: Array) -> Iterator[DeviceBatch]:
        stream = self.ops.stream()
        *labels, last = slot.take(stream) if x is None else [*slot.take(stream), x]
        try:
            yield DeviceBatch(last, Labels(*labels), seen)
        finally:  # also if nobody wants the rest
            slot.give_back(stream)
