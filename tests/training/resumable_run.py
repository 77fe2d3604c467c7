"""A training run in a process of its own, to be killed: python resumable_run.py FOLDER [option].

It trains with everything that has to be remembered, writes FOLDER/final.safetensors and
FOLDER/history.json when it is done, and says "training" and then each epoch on stdout.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

import minicnn as mc

EPOCHS = 12


class Narrator(mc.Callback):
    """Says where the run is; after some epochs the disk may become full."""

    def __init__(self, disk_is_full_after: int | None = None) -> None:
        self.disk_is_full_after = disk_is_full_after

    def on_train_begin(self, plan: dict[str, Any]) -> None:
        print(f"training from epoch {plan['initial_epoch']}", flush=True)

    def on_epoch_begin(self, epoch: int) -> None:
        print(f"epoch {epoch}", flush=True)
        if epoch == self.disk_is_full_after:
            import resource  # not on Windows

            resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, resource.RLIM_INFINITY))


def main(folder: Path, option: str = "") -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (60, 8, 8, 3), dtype=np.uint8)
    y = (x[:, :4].mean(axis=(1, 2, 3)) > x[:, 4:].mean(axis=(1, 2, 3))).astype(np.int64)
    model = mc.Sequential(
        [
            mc.Conv2D(4, 3, activation="relu"),
            mc.BatchNorm(momentum=0.9),
            mc.Residual(mc.Conv2D(4, 3, padding="same", activation="tanh")),
            mc.Flatten(),
            mc.Dropout(0.5),
            mc.Dense(1, activation="sigmoid"),
        ],
        input_shape=(8, 8, 3),
        seed=5,
    )
    model.compile(
        mc.RMSprop(3e-3, momentum=0.5, centered=True),
        "binary_crossentropy",
        metrics=["accuracy", "auc", "confusion_matrix"],
    )
    history = model.fit(
        x[:45],
        y[:45],
        batch_size=4,
        epochs=EPOCHS,
        validation_data=(x[45:], y[45:]),
        callbacks=[
            mc.ModelCheckpoint(folder / "run.ckpt", every_steps=2),
            mc.ModelCheckpoint(folder / "best.ckpt", save="best"),
            mc.EarlyStopping(patience=EPOCHS),
            mc.ReduceLROnPlateau(patience=2, factor=0.5),
            mc.LearningRateScheduler(lambda epoch, rate: rate * 0.97),
            mc.CSVLogger(folder / "log.csv"),
            mc.JSONLogger(folder / "log.jsonl"),
            Narrator(3 if option == "full disk" else None),
        ],
        resume=True,
        verbose=0,
    )
    model.save(folder / "final.safetensors")
    (folder / "history.json").write_text(json.dumps(history.history, default=np.ndarray.tolist))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
