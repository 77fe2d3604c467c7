"""Small runs, and the pages they leave."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minicnn as mc
from tests.report.reading import Page, check

RNG = np.random.default_rng(0)
PETS = mc.data.drawn_pets(36, image_size=(24, 24), seed=0)


def of_pictures(**options: Any) -> mc.Sequential:
    """A network that looks at little pets."""
    model = mc.Sequential(
        [mc.Conv2D(3, 3, activation="relu"), mc.MaxPool2D(2), mc.Flatten(),
         mc.Dense(1, activation="sigmoid")],
        input_shape=(24, 24, 3), seed=1, name="little",
    )  # fmt: skip
    settings = {"optimizer": mc.RMSprop(1e-3), "loss": "binary_crossentropy",
                "metrics": ["accuracy"]}  # fmt: skip
    model.compile(**settings | options)
    return model


def of_rows(last: int = 1, loss: str = "mean_squared_error", **options: Any) -> mc.Sequential:
    """A network of rows of numbers."""
    activation = {"mean_squared_error": None, "binary_crossentropy": "sigmoid"}
    layers = [mc.Dense(4, activation="relu"),
              mc.Dense(last, activation=activation.get(loss, "softmax"))]  # fmt: skip
    model = mc.Sequential(layers, input_shape=(3,), seed=1)
    model.compile("adam", loss, **options)
    return model


ROWS = RNG.standard_normal((30, 3))


@pytest.fixture
def page(tmp_path: Path) -> Callable[..., Page]:
    """``page(model, x, y, ...)`` trains, and gives the page that is left, checked."""

    def run(model: mc.Sequential, *data: Any, report: dict[str, Any] | None = None,
            **options: Any) -> Page:  # fmt: skip
        path = tmp_path / "run.html"
        watching = mc.Report(path, **report or {})
        callbacks = [watching, *options.pop("callbacks", ())]
        model.fit(*data, **{"verbose": 0, "batch_size": 6} | options, callbacks=callbacks)
        return check(path.read_text(encoding="utf-8"))

    return run


@pytest.fixture
def no_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """matplotlib is not installed."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
