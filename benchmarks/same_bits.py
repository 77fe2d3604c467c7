"""Does training still come to the same bits as at another commit?

    python -m benchmarks.same_bits --against 3c04876

Trains a few small networks twice, with the code of that commit and with the code of this folder,
each in a process of its own, and compares the bits of weights, optimizer memory, histories,
evaluations and predictions: in one go and resumed in the middle of an epoch, on the CPU and, where
there is a C++ compiler, on the stand-in for CuPy, with and without graphs. For whoever changes how
a step is done and means to change nothing else. Says which runs differ; ends with 1 if one does.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (45, 12, 12, 3), dtype=np.uint8)
HALVES = (PIXELS[:, :6].mean(axis=(1, 2, 3)) > PIXELS[:, 6:].mean(axis=(1, 2, 3))).astype(int)
FLOATS = RNG.standard_normal((40, 6)).astype(np.float32)
THREE = RNG.integers(0, 3, 40)


def main() -> None:
    """Compare, or, in one of the two processes, train and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--against", default="HEAD", help="the commit to compare with")
    arguments.add_argument("--print", action="store_true", help="only print this code's digests")
    chosen = arguments.parse_args()
    if chosen.print:
        print(json.dumps({name: digest(run()) for name, run in runs()}))
        return
    with tempfile.TemporaryDirectory() as folder:
        archive = ["git", "archive", chosen.against, "minicnn", "tests"]
        files = subprocess.run(archive, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=files, check=True)
        theirs, ours = _digests(Path(folder)), _digests(ROOT)
    differing = [name for name in ours if ours[name] != theirs[name]]
    for name in ours:
        print("differs" if name in differing else "same   ", name)
    sys.exit(bool(differing))


def _digests(tree: Path) -> dict[str, str]:
    command = [sys.executable, str(Path(__file__).resolve()), "--print"]
    environment = os.environ | {"PYTHONPATH": str(tree)}
    done = subprocess.run(
        command, cwd=tree, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    digests: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return digests


def digest(results: Any) -> str:
    """A few signs for any arrays and numbers, in lists and dictionaries."""
    total = hashlib.blake2b(digest_size=8)

    def add(value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                total.update(str(key).encode())
                add(inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                add(inner)
        else:
            array = np.asarray(value.get() if hasattr(value, "get") else value)
            total.update(repr((array.dtype.str, array.shape)).encode() + array.tobytes())

    add(results)
    return total.hexdigest()


def left_by(model: Any, history: Any, *more: Any) -> list[Any]:
    """All that a run has come to."""
    optimizer = model.optimizer
    return [
        model.get_weights(),
        optimizer.memory,
        optimizer.step_count,
        history.epochs,
        history.history,
        *more,
    ]


# ---- the runs ----------------------------------------------------------------------------------


def runs() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Each by its name."""
    for threads in (1, 2):
        with _threads(threads):
            yield f"pictures, {threads} threads", pictures
            yield f"pictures, resumed, {threads} threads", pictures_resumed
    yield "several classes", several_classes
    yield "float64, frozen, momentum", float64_frozen
    yield "everything of the user's", of_the_users
    yield "steps by themselves", single_steps
    yield "a search for the rate", search
    yield "stopped in the middle", stopped
    yield "a loss that is no number", not_finite
    from tests.cupy_standin.raw import COMPILER

    if COMPILER is None:
        print("no C++ compiler: nothing runs on the stand-in", file=sys.stderr)
        return
    from tests.devices import cupy_called

    for graphs in ("0", "1"):
        os.environ["MINICNN_CUDA_GRAPHS"] = graphs
        with cupy_called("stand-in"):
            for run in (pictures, pictures_resumed, several_classes, of_the_users, single_steps,
                        search, stopped, not_finite):  # fmt: skip
                yield f"stand-in, graphs {graphs}: {run.__name__}", run


@contextmanager
def _threads(count: int) -> Iterator[None]:
    import minicnn as mc

    mc.set_threads(count)
    yield
    mc.set_threads(2)


def _picture_network() -> Any:
    import minicnn as mc

    model = mc.Sequential([
        mc.Conv2D(4, 3, activation="relu"), mc.BatchNorm(), mc.MaxPool2D(2),
        mc.Residual(mc.Conv2D(4, 3, padding="same", activation="tanh")),
        mc.Flatten(), mc.Dropout(0.3), mc.Dense(8, activation="relu"),
        mc.Dense(1, activation="sigmoid"),
    ], input_shape=(12, 12, 3), seed=5)  # fmt: skip
    optimizer = mc.RMSprop(3e-3, momentum=0.5, centered=True)
    model.compile(optimizer, "binary_crossentropy", ["accuracy", "auc", "confusion_matrix"])
    return model


def _fit_pictures(model: Any, **options: Any) -> Any:
    import minicnn as mc

    data = mc.data.Pictures(PIXELS[:33], HALVES[:33], batch_size=5, augment="mild", seed=1)
    options = {"epochs": 3, "class_weight": {0: 1.0, 1: 2.0}, "verbose": 0} | options
    watchers = [mc.EarlyStopping(patience=2), mc.ReduceLROnPlateau(patience=1)]
    watchers += [*options.pop("callbacks", [])]
    held_back = (PIXELS[33:], HALVES[33:])
    return model.fit(data, validation_data=held_back, callbacks=watchers, **options)


def pictures() -> Any:
    """Augmented, weighted, validated, predicted and evaluated."""
    model = _picture_network()
    history = _fit_pictures(model)
    return left_by(model, history, model.predict(PIXELS), model.evaluate(PIXELS, HALVES))


def pictures_resumed() -> Any:
    """The same, cut in the second epoch."""
    import minicnn as mc

    class Cut(mc.Callback):
        turn = 9

        def on_batch_end(self, step: int, logs: dict[str, Any]) -> None:
            if self.model.trainer.run.epoch == 1 and step == 3:
                raise RuntimeError("cut")

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.ckpt"
        try:
            saved = mc.ModelCheckpoint(path, every_steps=2)
            _fit_pictures(_picture_network(), callbacks=[saved, Cut()])
        except RuntimeError:
            pass
        model = _picture_network()
        history = _fit_pictures(model, resume=path)
        left = left_by(model, history)
        file = mc.saving.sealed.read(path)
    file[0].pop("minicnn", None)  # the version
    return [left, json.dumps(file[0]).encode(), dict(sorted(file[1].items()))]


def several_classes() -> Any:
    """With gradients that are clipped, a schedule, weights of samples, a share of each class."""
    import minicnn as mc

    model = mc.Sequential(
        [mc.Dense(9, activation="relu"), mc.BatchNorm(), mc.Dense(3, activation="softmax")],
        input_shape=(6,),
        seed=2,
    )
    optimizer = mc.Adam(mc.ExponentialDecay(1e-2, 3, 0.5))
    steps = [mc.ClipNorm(0.5), mc.WeightDecay(1e-3)]
    model.compile(optimizer, "sparse_categorical_crossentropy", ["accuracy"], gradients=steps)
    weight = np.linspace(0.5, 2, 40)
    history = model.fit(FLOATS, THREE, 7, 3, validation_split=0.2, sample_weight=weight, verbose=0)
    return left_by(model, history, model.predict(FLOATS))


def float64_frozen() -> Any:
    """Exact, with a layer that stays as it is."""
    import minicnn as mc

    layers = [mc.Dense(5, activation="tanh"), mc.Dense(4, activation="tanh"), mc.Dense(1)]
    model = mc.Sequential(layers, input_shape=(6,), seed=4).astype(np.float64)
    layers[1].trainable = False
    model.compile(mc.SGD(0.05, 0.9, nesterov=True), "mean_squared_error")
    history = model.fit(FLOATS.astype(np.float64), FLOATS[:, 0], 9, 3, verbose=0)
    return left_by(model, history, model.predict(FLOATS))


def of_the_users() -> Any:
    """Layer, loss, optimizer, metric and gradient step are somebody else's."""
    import minicnn as mc

    class Half(mc.ReLU):
        def forward(self, x: Any, training: Any = False) -> Any:
            y, cache = super().forward(x, training)
            return y * x.dtype.type(0.5), cache

        def backward(self, dy: Any, cache: Any) -> Any:
            return super().backward(dy * dy.dtype.type(0.5), cache)

    class Squared(mc.Loss):
        def each(self, y_pred: Any, y_true: Any, ops: Any) -> Any:
            return ((y_pred - y_true) ** 2).mean(axis=-1)

        def slope(self, y_pred: Any, y_true: Any, ops: Any) -> Any:
            return 2 * (y_pred - y_true) / y_pred.shape[-1]

    class Normalised(mc.Optimizer):
        slots = ("length",)

        def update(self, p: Any, g: Any, slots: Any, lr: Any, step: Any, ops: Any) -> None:
            slots[0][...] = ops.xp.sqrt((g * g).sum())
            p -= lr * g / (slots[0] + 1e-3)

    class Worst(mc.Metric):
        name = "worst"

        def reset(self) -> None:
            self.worst = 0.0

        def update(self, y_true: Any, y_pred: Any) -> None:
            self.worst = max(self.worst, float(abs(y_true.reshape(-1) - y_pred[:, 0]).max()))

        def result(self) -> float:
            return self.worst

    model = mc.Sequential([mc.Dense(6), Half(), mc.Dense(1)], input_shape=(6,), seed=3)
    double = lambda grads, params: {path: 2 * g for path, g in grads.items()}  # noqa: E731
    model.compile(Normalised(1e-2), Squared(), [Worst()], gradients=[double])
    half = FLOATS[:20], FLOATS[:20, 1]
    history = model.fit(FLOATS, FLOATS[:, 1], 8, 2, validation_data=half, verbose=0)
    return left_by(model, history, model.predict(FLOATS), model.evaluate(*half))


def single_steps() -> Any:
    """train_on_batch, with figures of each step."""
    model = _picture_network()
    figures = [model.train_on_batch(PIXELS[i : i + 7], HALVES[i : i + 7]) for i in range(0, 28, 7)]
    return [model.get_weights(), model.optimizer.memory, figures]


def search() -> Any:
    """LearningRateFinder."""
    import minicnn as mc

    model = _picture_network()
    found = mc.LearningRateFinder(1e-5, 1e-1, 12).search(model, PIXELS, HALVES, 8)
    return [found.rates, found.losses, model.get_weights(), model.optimizer.memory]


def stopped() -> Any:
    """A callback has seen enough, in the middle of an epoch."""
    import minicnn as mc

    class Enough(mc.Callback):
        def on_batch_end(self, step: int, logs: dict[str, Any]) -> None:
            seen.append(dict(logs))
            self.stop = self.model.trainer.run.epoch == 1 and step == 2

    seen: list[Any] = []
    model = _picture_network()
    history = _fit_pictures(model, callbacks=[Enough()])
    return left_by(model, history, seen)


def not_finite() -> Any:
    """The weights are those from before the step that went wrong, and the error says which."""
    import minicnn as mc

    x = FLOATS.copy()
    x[17, 2] = np.nan
    model = mc.Sequential([mc.BatchNorm(), mc.Dense(1)], input_shape=(6,), seed=3)
    model.compile("adam", "mean_squared_error")
    try:
        model.fit(x, FLOATS[:, 0], 5, 2, shuffle=False, verbose=0)
    except mc.NotFiniteError as error:
        return [model.get_weights(), str(error).split(";")[0].encode()]
    raise AssertionError("NaN has passed for a number")


if __name__ == "__main__":
    main()
