"""Everything at its default setting, in a browser's Python that has NumPy, Pillow and minicnn.

    node tests/browser/run.mjs --pyodide DIR --wheels DIR -- tests/browser/everything.py

Each part says how long it took. The first that fails ends it.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import minicnn as mc


@contextlib.contextmanager
def part(title: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    print(f"{time.perf_counter() - started:7.2f} s  {title}", flush=True)


def pets() -> tuple[mc.data.Pictures, mc.data.Pictures]:
    x, y = mc.data.drawn_pets(160, image_size=(32, 32), workers=2)
    training = mc.data.Pictures(x[:120], y[:120], batch_size=20, augment="classic")
    return training, mc.data.Pictures(x[120:], y[120:], shuffle=False)


def network() -> mc.Sequential:
    model = mc.Sequential(
        [
            mc.Conv2D(8, 3, activation="relu"),
            mc.MaxPool2D(2),
            mc.Residual(mc.Chain(mc.Conv2D(8, 3, padding="same"), mc.BatchNorm(), mc.ReLU())),
            mc.MaxPool2D(2),
            mc.Flatten(),
            mc.Dropout(0.2),
            mc.Dense(1, activation="sigmoid"),
        ],
        input_shape=(32, 32, 3),
    )
    model.class_names = ("cat", "dog")
    model.compile(mc.Adam(0.005), "binary_crossentropy", metrics=["accuracy", "auc"])
    return model


class Terminal(io.StringIO):
    """A screen that somebody looks at."""

    def isatty(self) -> bool:
        return True


def main() -> None:
    assert sys.maxsize < 2**32, "this is no browser's Python: its numbers are too long"
    assert not any(find_spec(name) for name in ("rich", "threadpoolctl", "safetensors"))
    assert "site-packages" in mc.__file__
    os.chdir(tempfile.mkdtemp())

    with part("draw 160 pets"):
        training, validation = pets()
    model = network()
    with part("fit, one epoch"):
        first = model.fit(training, validation_data=validation)
    mc.set_threads(2)
    assert mc.get_threads() == 1
    with part("fit with set_threads(2), four epochs more, someone looking on"):
        screen = Terminal()
        with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(Terminal()):
            history = model.fit(
                training, epochs=5, initial_epoch=1, validation_data=validation,
                callbacks=[mc.ModelCheckpoint("run.ckpt"), mc.CSVLogger("log.csv")],
            )  # fmt: skip
    assert screen.getvalue().count("Epoch ") == 4, screen.getvalue()
    assert history.history["loss"][-1] < first.history["loss"][0]
    with part("evaluate and predict"):
        figures = model.evaluate(validation)
        x, y = validation.arrays()
        probabilities = model.predict(x)
    assert np.mean((probabilities[:, 0] > 0.5) == y) == np.float32(figures["accuracy"])
    with part("save and load"):
        model.save("pets.safetensors")
        again = mc.load_model("pets.safetensors")
    np.testing.assert_array_equal(again.predict(x), probabilities)
    with part("go on with a checkpoint"):
        resumed = network()
        resumed.fit(training, epochs=6, validation_data=validation, resume="run.ckpt")
    assert resumed.trainer.run.epoch == 6
    with part("gradient check of a layer and of the network"):
        small = np.random.default_rng(0).random((2, 32, 32, 3))
        mc.gradcheck(mc.Conv2D(2, 3), small[:, :8, :8])
        mc.gradcheck(model, small)
    with part("explain a picture, four ways"):
        one = x[:1]
        for explain in (
            mc.explain.gradcam, mc.explain.input_gradient, mc.explain.occlusion,
            lambda m, p: m.layer_outputs(p),
        ):  # fmt: skip
            assert explain(model, one) is not None
    with part("summary"), contextlib.redirect_stdout(io.StringIO()) as table:
        model.summary()
    assert "Total parameters" in table.getvalue()
    with part("train on photographs in a folder"):
        photographs()
    with part("what is missing is said when it is needed"):
        missing(history)


def photographs() -> None:
    from PIL import Image

    x, y = mc.data.drawn_pets(20, image_size=(40, 40))
    for number, (pixels, label) in enumerate(zip(x, y, strict=True)):
        folder = Path("photographs", ("cat", "dog")[label])
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / f"{number}.jpg")
    data = mc.data.ImageFolder("photographs", image_size=32)
    assert data.report.counts == {"cat": 10, "dog": 10}
    network().fit(data, epochs=1)


def missing(history: mc.History) -> None:
    said = ""
    try:
        mc.viz.curves(history)
    except mc.MissingPackageError as error:
        said = str(error)
    assert "expected matplotlib for a figure, got none; install it with" in said


if __name__ == "__main__":
    main()
