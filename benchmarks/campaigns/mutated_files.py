"""Damaged models and checkpoints: refused, or exactly what was saved. Never a wrong number."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np

import minicnn as mc
from benchmarks.campaigns.campaign import Campaign, DefectError
from benchmarks.campaigns.damage import damaged

CLASSES = ["cat", "dog"]


def network() -> mc.Sequential:
    """A small one with everything that a file holds."""
    model = mc.Sequential(
        [
            mc.Conv2D(3, 2, activation="relu"),
            mc.BatchNorm(),
            mc.Residual(mc.Conv2D(3, 1)),
            mc.Flatten(),
            mc.Dropout(0.2),
            mc.Dense(1, activation="sigmoid"),
        ],
        input_shape=(4, 4, 1),
        seed=1,
    )
    model.class_names = CLASSES
    model.compile(mc.RMSprop(1e-2, momentum=0.5), "binary_crossentropy", metrics=["accuracy"])
    return model


X = np.random.default_rng(0).random((12, 4, 4, 1))
Y = (X.mean((1, 2, 3)) > 0.5).astype(int)


def trained(model: mc.Sequential, epochs: int, **options: object) -> dict[str, list[float]]:
    """The figures of training it a little."""
    return model.fit(X, Y, batch_size=5, epochs=epochs, verbose=0, **options).history


class MutatedFiles(Campaign):
    name = "files"
    promise = "a damaged file is refused, or is what was saved"
    small = 1500

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        model = network()
        checkpoint = folder / "run.ckpt"
        trained(model, 2, callbacks=[mc.ModelCheckpoint(checkpoint)])
        model.save(folder / "model")
        self.files = {"model": (folder / "model").read_bytes(), "ckpt": checkpoint.read_bytes()}
        self.weights, self.written = model.get_weights(), repr(model)
        self.answers = model.predict(X)
        self.history = trained(model, 4, resume=checkpoint)
        self.resumed = model.get_weights()

    def case(self, random: Random, folder: Path) -> str:
        kind = random.choice(("model", "model", "ckpt"))
        content = damaged(self.files[kind], random)
        path = folder / "file"
        path.write_bytes(content)
        try:
            if kind == "ckpt" and random.random() < 0.5:
                self._resume(path)
            else:
                self._load(path)
        except mc.MinicnnError as error:
            if not str(error).startswith(f"{path}: expected"):
                raise DefectError(f"a message that does not name the file: {error}") from error
            return "refused"
        return "unchanged" if content == self.files[kind] else "as it was saved all the same"

    def _load(self, path: Path) -> None:
        model = mc.load_model(path)
        same(model.get_weights(), self.weights, "weights")
        same([model.predict(X)], [self.answers], "answers")
        if repr(model) != self.written or list(model.class_names or ()) != CLASSES:
            raise DefectError("another network, or other classes, than were saved")

    def _resume(self, path: Path) -> None:
        model = network()
        before = model.get_weights()
        try:
            history = trained(model, 4, resume=path)
        except mc.MinicnnError:
            same(model.get_weights(), before, "weights of a model whose checkpoint was refused")
            raise
        same(model.get_weights(), self.resumed, "weights after going on")
        if history != self.history:
            raise DefectError("another history after going on")


def same(got: list[np.ndarray], expected: list[np.ndarray], what: str) -> None:
    if not all(np.array_equal(a, b) for a, b in zip(got, expected, strict=True)):
        raise DefectError(f"wrong {what}")
