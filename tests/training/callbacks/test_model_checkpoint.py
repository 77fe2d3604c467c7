from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minicnn as mc

X, Y = np.ones((6, 2)), np.arange(6.0)


def fit(*callbacks: mc.Callback, epochs: int = 4, **options: Any) -> mc.Sequential:
    model = mc.Sequential([mc.Dense(1)], input_shape=(2,))
    model.compile("sgd", "mean_squared_error")
    model.fit(X, Y, 2, epochs, callbacks=list(callbacks), verbose=0, **options)
    return model


class Writes(mc.Callback):
    """When a file was written: (epoch, step) as the run stood then."""

    turn = 3

    def __init__(self, path: Path) -> None:
        self.path, self.times, self.seen = path, [], b""  # type: ignore[var-annotated]

    def look(self) -> None:
        content = self.path.read_bytes() if self.path.exists() else b""
        if content != self.seen:
            run = self.model.trainer.run
            self.times.append((run.epoch, run.step))
            self.seen = content

    def on_batch_end(self, step: int, logs: Any) -> None:
        self.look()

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        self.look()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [(1, 0), (2, 0), (3, 0), (4, 0)]),
        ({"every_epochs": 3}, [(3, 0)]),
        ({"every_epochs": 9, "every_steps": 2}, [(0, 2), (1, 2), (2, 2), (3, 2)]),
        ({"every_epochs": 2, "every_steps": 3}, [(0, 3), (1, 3), (2, 0), (2, 3), (3, 3), (4, 0)]),
    ],
)
def test_when_it_saves(tmp_path: Path, options: Any, expected: Any) -> None:
    path = tmp_path / "run.ckpt"
    writes = Writes(path)
    fit(mc.ModelCheckpoint(path, **options), writes)
    assert writes.times == expected


def test_best_keeps_the_best_epoch_only(tmp_path: Path) -> None:
    class Script(mc.Callback):
        def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
            logs["score"] = [1.0, 5.0, 3.0, 4.0][epoch]
            self.model[0].params["b"][:] = epoch

        def on_train_begin(self, plan: dict[str, Any]) -> None:
            plan["figures"].append("score")

    path = tmp_path / "best.ckpt"
    best = mc.ModelCheckpoint(path, save="best", monitor="score", mode="max")
    fit(best, Script())  # it is called last, wherever it stands
    assert mc.load_model(path)[0].params["b"][0] == 1


def test_the_epoch_in_the_path_keeps_every_file(tmp_path: Path) -> None:
    fit(mc.ModelCheckpoint(tmp_path / "runs" / "epoch-{epoch}.ckpt", every_epochs=2))
    names = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert names == ["epoch-002.ckpt", "epoch-004.ckpt"]


def no_links(*_: Any) -> None:
    raise OSError("no links here")


@pytest.mark.parametrize("links", ["there", "not in this folder", "unknown to Python"])
@pytest.mark.parametrize("save", ["last", "best"])
def test_a_run_that_begins_anew_keeps_the_earlier_one(tmp_path, monkeypatch, links, save):
    if links == "not in this folder":
        monkeypatch.setattr("os.link", no_links, raising=False)
    elif links == "unknown to Python":  # in a browser
        monkeypatch.delattr("os.link", raising=False)
    path, kept = tmp_path / "run.ckpt", tmp_path / "run.previous.ckpt"
    checkpoint = {"save": save, "monitor": "loss"}
    fit(mc.ModelCheckpoint(path, **checkpoint), epochs=2)
    earlier = path.read_bytes()
    assert sorted(tmp_path.iterdir()) == [path]

    class KeptAtOnce(mc.Callback):
        turn = 3

        def on_train_begin(self, plan: Any) -> None:
            assert path.read_bytes() == earlier  # until there is something to put in its place

    fit(mc.ModelCheckpoint(path, **checkpoint), KeptAtOnce(), epochs=3)
    assert kept.read_bytes() == earlier
    assert path.read_bytes() != earlier
    assert sorted(tmp_path.iterdir()) == [path, kept]


def test_a_run_that_goes_on_is_no_earlier_one(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    fit(mc.ModelCheckpoint(path), epochs=2)
    fit(mc.ModelCheckpoint(path), epochs=4, resume=path)
    assert sorted(tmp_path.iterdir()) == [path]


def test_arguments_are_checked() -> None:
    for options in (
        {"save": "always"},
        {"every_epochs": 0},
        {"every_steps": 0},
        {"save": "best", "every_steps": 5},
    ):
        with pytest.raises(mc.ConfigError, match="ModelCheckpoint: expected"):
            mc.ModelCheckpoint("x", **options)  # type: ignore[arg-type]
