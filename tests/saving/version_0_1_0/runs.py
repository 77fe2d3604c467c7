"""How the three files beside this one were written, by minicnn 0.1.0 (commit 3c04876):

    git worktree add /tmp/old 3c04876
    PYTHONPATH=/tmp/old python tests/saving/version_0_1_0/runs.py

They are kept as they are. ``test_older_files.py`` makes the same networks and runs, and reads them.
"""

from pathlib import Path
from typing import Any

import numpy as np

import minicnn as mc

HERE = Path(__file__).parent
RNG = np.random.default_rng(7)
PICTURES = RNG.integers(0, 256, (14, 6, 6, 3), dtype=np.uint8)
HALVES = np.arange(14) % 2
ROWS = RNG.standard_normal((12, 4)).astype(np.float32)
SUMS = ROWS.sum(axis=1)


def network() -> mc.Sequential:
    """A bit of everything that a file has to hold."""
    model = mc.Sequential(
        [
            mc.Conv2D(2, 3, activation="relu", name="eyes"),
            mc.BatchNorm(),
            mc.Residual(mc.Chain(mc.Conv2D(2, 3, padding="same"), mc.LeakyReLU(0.2))),
            mc.Concat(mc.MaxPool2D(2), mc.AvgPool2D(2)),
            mc.UpSample2D(2),
            mc.GlobalAvgPool2D(),
            mc.Dropout(0.25),
            mc.Dense(1, activation="sigmoid"),
        ],
        input_shape=(6, 6, 3),
        seed=2,
    )
    model.layers[0].trainable = False
    model.class_names = ["cat", "dog"]
    optimizer = mc.RMSprop(1e-2, momentum=0.5, centered=True)
    model.compile(optimizer, "binary_crossentropy", ["accuracy", "auc", "confusion_matrix"])
    return model


def pictures(model: mc.Sequential, **options: Any) -> mc.History:
    """Two epochs of four steps."""
    return model.fit(
        PICTURES, HALVES, batch_size=4, epochs=2, validation_data=(PICTURES[:5], HALVES[:5]),
        class_weight={0: 1.0, 1: 2.0}, verbose=0, **options,
    )  # fmt: skip


def rows() -> mc.Sequential:
    """A network for the run with callbacks."""
    model = mc.Sequential([mc.Dense(3, activation="tanh"), mc.Dense(1)], input_shape=(4,), seed=1)
    model.compile(mc.Adam(0.02), "mean_squared_error")
    return model


def watched(model: mc.Sequential, path: Path, epochs: int, resume: bool = False) -> mc.History:
    """A run whose callbacks have a lot to remember."""
    callbacks = [
        mc.EarlyStopping("loss", patience=9),
        mc.ReduceLROnPlateau("loss", patience=1, min_delta=10.0),
        mc.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
        mc.ModelCheckpoint(path),
    ]
    return model.fit(
        ROWS, SUMS, batch_size=5, epochs=epochs, callbacks=callbacks, resume=resume, verbose=0
    )


class Cut(Exception):  # noqa: N818  no error of anyone's
    """What ends a run without warning."""


class CutAt(mc.Callback):
    """Ends the run after a step of the second epoch, when its checkpoint is written."""

    turn = 3

    def on_batch_end(self, step: int, logs: dict[str, Any]) -> None:
        if self.model.trainer.run.epoch == 1 and step == 2:
            raise Cut


def write() -> None:
    """All three."""
    model = network()
    pictures(model)
    model.save(HERE / "model.safetensors")
    try:
        saved = mc.ModelCheckpoint(HERE / "mid_epoch.ckpt", every_steps=1)
        pictures(network(), callbacks=[saved, CutAt()])
    except Cut:
        pass
    watched(rows(), HERE / "callbacks.ckpt", epochs=3)
    print(repr(model.predict(PICTURES)[:, 0]))


if __name__ == "__main__":
    write()
