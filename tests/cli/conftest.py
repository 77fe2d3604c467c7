"""A small model, a few pictures, and a way to type a command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

import minicnn as mc
from minicnn.cli import main


class Said(NamedTuple):
    """What a command has left."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands are typed in an empty folder, and have a cache of their own."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MINICNN_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MINICNN_TRACEBACK", raising=False)
    return folder


@pytest.fixture
def minicnn(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """``minicnn("predict", model, "a.png")``, in this process."""

    def type_it(*words: Any) -> Said:
        capsys.readouterr()
        code = main([str(word) for word in words])
        return Said(code, *capsys.readouterr())

    return type_it


def small_network(seed: int = 0, dropout: float = 0.0, classes: int = 2) -> mc.Sequential:
    last = mc.Dense(1, activation="sigmoid")
    if classes > 2:
        last = mc.Dense(classes, activation="softmax")
    layers = [mc.MaxPool2D(25), mc.Flatten(), mc.Dropout(dropout), last]
    return mc.Sequential(layers, input_shape=(150, 150, 3), seed=seed)


@pytest.fixture
def small_catdog(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network of ``minicnn train`` in small: the commands are tested, not the training."""
    monkeypatch.setattr("minicnn.zoo.catdog", small_network)


def bright(name: str) -> mc.Sequential:
    """A network that calls bright pictures the second class, and is sure of it."""
    model = mc.Sequential(
        [mc.GlobalAvgPool2D(), mc.Dense(1, activation="sigmoid")], input_shape=(8, 10, 3)
    )
    model.set_weights([np.full((3, 1), 10.0), np.array([-15.0])])
    model.class_names = ("night", "day")
    model.save(name)
    return model


@pytest.fixture
def model(here: Path) -> str:
    bright("model.safetensors")
    return "model.safetensors"


def save_picture(path: Path, level: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((12, 16, 3), level, np.uint8)
    pixels[0, 0] = len(path.name) + sum(path.name.encode("utf-8", "surrogateescape")) % 200
    Image.fromarray(pixels).save(path, "PNG")


@pytest.fixture
def photographs(here: Path) -> Path:
    """``photographs/night`` and ``photographs/day``: six pictures each."""
    for i in range(6):
        save_picture(here / "photographs" / "night" / f"{i}.png", 20 + i)
        save_picture(here / "photographs" / "day" / f"{i}.png", 230 + i)
    return here / "photographs"
