"""Files that somebody changed and sealed anew: used, or refused in one clear error."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import minicnn as mc
from benchmarks.campaigns.campaign import Campaign
from benchmarks.campaigns.mutated_files import X, network, trained
from minicnn.saving import sealed

ODD = (
    None, True, False, 0, -1, 1, 2, 7, 0.5, 10**6, 2**31, 2**63, 10**30, 1e308, -1e-300,
    float("inf"), float("nan"), "", "x", "relu", "Dense", "ä\n", "x" * 500, [], [0], [[]], [1, 2],
    {}, {"x": 1}, {"$array": "nothing"}, {"$array": 3}, {"layer": "Dense", "config": {}},
)  # fmt: skip


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (list or dictionary, key) in a document."""
    keys = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


def changed(document: dict[str, Any], arrays: dict[str, Any], random: Random) -> None:
    """One thing in the document or among the arrays becomes another."""
    if random.random() < 0.2:
        _array_changed(arrays, random)
        return
    holder, key = random.choice(list(places(document)))
    way = random.randrange(4)
    if way == 0:
        del holder[key]
    elif way == 1:  # something else that stands in this document
        other, there = random.choice(list(places(document)))
        holder[key] = deepcopy(other[there])
    elif way == 2 and isinstance(holder, list):
        holder.insert(key, holder[key])
    else:
        holder[key] = random.choice(ODD)


def _array_changed(arrays: dict[str, Any], random: Random) -> None:
    name = random.choice(sorted(arrays))
    array = arrays.pop(name)
    new = random.choice(
        (
            None,
            array.astype(random.choice(("f2", "f8", "i4", "u1", "?"))),
            array.reshape(-1),
            array[None],
            array[:0] if array.ndim else array.reshape(1)[:0],
            np.full_like(array, random.choice((0, 1))),
            np.full(array.shape, random.choice((np.nan, np.inf, -1e38)), np.float32),
        )
    )
    if new is not None:
        arrays[random.choice((name, name, name, "another name"))] = new


class ResealedFiles(Campaign):
    """What the file says may be nonsense, but its seal is right: numbers may be others."""

    name = "resealed"
    promise = "a file changed and sealed anew is used, or refused in one clear error"
    small = 500

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        model = network()
        trained(
            model, 2, callbacks=[mc.ModelCheckpoint(folder / "run.ckpt"), mc.EarlyStopping("loss")]
        )
        model.save(folder / "model")

    def case(self, random: Random, folder: Path) -> str:
        kind = random.choice(("model", "run.ckpt"))
        document, arrays = sealed.read(self.folder / kind)
        for _ in range(random.choice((1, 1, 2))):
            changed(document, arrays, random)
        path = folder / "file"
        sealed.write(path, document, arrays)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # NaN in, NaN out
                if kind == "model":
                    mc.load_model(path).predict(X)
                else:
                    trained(network(), 3, resume=path, callbacks=[mc.EarlyStopping("loss")])
        except mc.MinicnnError:
            return "refused"
        return "used"
