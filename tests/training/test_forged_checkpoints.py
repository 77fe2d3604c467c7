"""Checkpoints whose seal is right, but not their content: they go on, or are one clear error."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minicnn as mc
from minicnn.saving import sealed

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (11, 6, 6, 1), dtype=np.uint8)
Y = np.arange(11) % 2
Where = tuple[Any, ...]


def network() -> mc.Sequential:
    layers = [
        mc.Conv2D(2, 3, padding=1, activation="relu"), mc.BatchNorm(), mc.UpSample2D(2),
        mc.MaxPool2D(2), mc.Residual(mc.Conv2D(2, 3, padding="same")), mc.LeakyReLU(0.1),
        mc.Dropout(0.2), mc.GlobalAvgPool2D(), mc.Dense(1, activation="sigmoid"),
    ]  # fmt: skip
    model = mc.Sequential(layers, input_shape=(6, 6, 1), seed=1)
    optimizer = mc.RMSprop(0.01, momentum=0.5, centered=True)
    model.compile(optimizer, "binary_crossentropy", ["accuracy", "auc", "confusion_matrix"])
    return model


def fit(model: mc.Sequential, folder: Path, *more: mc.Callback, **options: Any) -> mc.History:
    callbacks = [
        mc.EarlyStopping(patience=2),
        mc.ReduceLROnPlateau(patience=1),
        mc.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
        mc.ModelCheckpoint(folder / "best.ckpt", save="best"),
        mc.CSVLogger(folder / "log.csv"),
        mc.JSONLogger(folder / "log.jsonl"),
    ]
    return model.fit(
        X, Y, batch_size=4, epochs=3, validation_data=(X[:5], Y[:5]), verbose=0,
        callbacks=[*callbacks, *more], **options,
    )  # fmt: skip


class Cut(BaseException):
    """Ends a run."""


class CutInTheSecondEpoch(mc.Callback):
    turn = 3

    def on_batch_end(self, step: int, logs: dict[str, Any]) -> None:
        if step == 1 and self.model.trainer.run.epoch == 1:
            raise Cut


@lru_cache
def small_file() -> bytes:
    with TemporaryDirectory() as name:
        folder = Path(name)
        saved = mc.ModelCheckpoint(folder / "run.ckpt", every_steps=1)
        with pytest.raises(Cut):
            fit(network(), folder, saved, CutInTheSecondEpoch())
        return (folder / "run.ckpt").read_bytes()


def places(value: Any, above: Where = ()) -> Iterator[Where]:
    """The way to everything in a document."""
    inside = value.items() if isinstance(value, dict) else ()
    for key, inner in enumerate(value) if isinstance(value, list) else inside:
        yield (*above, key)
        yield from places(inner, (*above, key))


def parent_of(document: Any, place: Where) -> Any:
    for key in place[:-1]:
        document = document[key]
    return document


OTHERS: list[Any] = [
    None, True, False, -1, 0, 1, 2, 3, 2**31, 2**40, 2**63, 10**400, -0.5, 0.5, 1e30, 1e308,
    math.nan, math.inf, "", "text", "same", "9" * 300, [], [1], [[]], ["text"], {}, {"a": 1},
    {"$array": "of nothing"}, [3, 3], [2**40, 1],
]  # fmt: skip
ARRAYS: list[Any] = [
    lambda a: a.astype(np.int64),
    lambda a: a.astype(np.float64),
    lambda a: a.astype(np.float16),
    lambda a: a.astype(bool),
    lambda a: a[:0],
    lambda a: a.reshape(-1),
    lambda a: a[None],
    lambda a: np.zeros((), a.dtype),
    lambda a: np.full_like(a, 100),
    lambda a: a * 0 - 1,
    lambda a: a.astype(np.float32) * np.float32(np.nan),
]


@st.composite
def forgeries(draw: Any, part: str, arrays: bool = True) -> Any:
    """A change of a document and its arrays, by who knows how they are made."""
    document, saved = read(small_file())
    kind = draw(st.sampled_from(["other", "missing", "exchanged", *["array"] * arrays]))
    if kind == "array":
        name, change = draw(st.sampled_from(sorted(saved))), draw(st.sampled_from(ARRAYS))
        return lambda d, a: a.update({name: change(a[name])})
    everywhere = list(places(document[part], (part,)))
    place = draw(st.sampled_from(everywhere))
    if kind == "other":
        value = draw(st.sampled_from([*OTHERS, *({"$array": name} for name in sorted(saved))]))
        return lambda d, a: parent_of(d, place).__setitem__(place[-1], value)
    if kind == "missing":
        return lambda d, a: parent_of(d, place).__delitem__(place[-1])
    other = draw(st.sampled_from(everywhere))
    value = copy.deepcopy(parent_of(document, other)[other[-1]])
    return lambda d, a: parent_of(d, place).__setitem__(place[-1], value)


def read(content: bytes) -> tuple[Any, Any]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.ckpt"
        path.write_bytes(content)
        return sealed.read(path)


def forged(path: Path, changes: list[Any]) -> None:
    document, arrays = read(small_file())
    for change in changes:
        try:
            change(document, arrays)
        except (KeyError, IndexError, TypeError, AttributeError):  # another change took it away
            continue
    sealed.write(path, document, arrays)


def one_clear_error_or_none(use: Any) -> None:
    """Warnings are errors here, so none comes before the error either."""
    try:
        use()
    except mc.MinicnnError as error:
        assert "expected" in str(error)  # noqa: PT017
        assert len(str(error)) < 4000  # noqa: PT017


@given(st.lists(forgeries("training"), min_size=1, max_size=2))
def test_a_forged_run_goes_on_or_is_one_clear_error(tmp_path_factory: Any, changes: Any) -> None:
    folder = tmp_path_factory.mktemp("forged")
    forged(folder / "run.ckpt", changes)
    one_clear_error_or_none(lambda: fit(network(), folder, resume=folder / "run.ckpt"))


@given(st.lists(forgeries("architecture", arrays=False), min_size=1, max_size=2))
def test_a_forged_network_works_or_is_one_clear_error(tmp_path_factory: Any, changes: Any) -> None:
    path = tmp_path_factory.mktemp("forged") / "run.ckpt"
    forged(path, changes)

    def use() -> None:
        model = mc.load_model(path)
        assert np.isfinite(model.predict(X)).all()
        model.compile("sgd", "mean_squared_error")
        model.fit(X, np.zeros((11, *model.output_shape)), verbose=0)

    one_clear_error_or_none(use)
    one_clear_error_or_none(lambda: fit(network(), path.parent, resume=path))


def test_the_same_run_goes_on(tmp_path: Path) -> None:
    forged(tmp_path / "run.ckpt", [])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = fit(network(), tmp_path, resume=tmp_path / "run.ckpt")
    assert history.epochs == [0, 1, 2]
