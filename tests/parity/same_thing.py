"""The tables of docs/coming-from.md, run: the same thing in minicnn, Keras and PyTorch.

A row's three cells are expressions. All get the same numbers and the same weights, and must answer
the same. ``python -m tests.parity.same_thing`` prints, as JSON, how far each framework is off; it
imports both, and so is run in a process of its own.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import minicnn as mc

PAGE = Path(__file__).parents[2] / "docs" / "coming-from.md"
HEAD = "| minicnn | Keras 3 | PyTorch |"
CODE = re.compile(r"`([^`]+)`")
PROGRAM = re.compile(r"^```py\n# (Keras 3|PyTorch)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PICTURES, ROWS, STEPS = (8, 8, 4), (4,), 4


@dataclass(frozen=True)
class Row:
    """The same thing three times; None where a framework has no such thing."""

    section: str
    shape: tuple[int, ...]
    minicnn: str
    keras: str | None
    torch: str | None

    def __str__(self) -> str:
        return self.minicnn


def rows() -> list[Row]:
    """Every row of the page's tables, under its heading."""
    found: list[Row] = []
    section, seen, in_table = "", 0, False
    for line in PAGE.read_text(encoding="utf-8").split("\n"):
        if line.startswith("## "):
            section, seen = line.removeprefix("## "), 0
        if line == HEAD:
            seen, in_table = seen + 1, True
        elif in_table and line.startswith("| "):
            cells = [CODE.fullmatch(cell.strip()) for cell in line.strip("|").split("|")]
            ours, keras, torch = (cell and cell[1] for cell in cells)
            assert ours is not None, line
            found.append(Row(section, PICTURES if seen == 1 else ROWS, ours, keras, torch))
        elif not line.startswith("|"):
            in_table = False
    return found


def programs() -> dict[str, str]:
    """The listings of the frameworks, which `make test` does not run."""
    return dict(PROGRAM.findall(PAGE.read_text(encoding="utf-8")))


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


# ---- minicnn's side ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What minicnn gave, and what it was given."""

    given: Any  # a batch; predictions and labels; a start and gradients
    weights: list[np.ndarray]
    answer: np.ndarray


def answer(row: Row) -> Answer:
    thing = eval(row.minicnn, {"mc": mc})
    return {"Layers": _layer, "Losses": _loss, "Optimizers": _optimizer}[row.section](thing, row)


def _layer(layer: mc.Layer, row: Row) -> Answer:
    draws = rng()
    layer.build(row.shape, draws)
    layer.astype(np.float64)
    for p in layer.params.values():
        p += 0.1 * draws.standard_normal(p.shape)  # a bias of 0 would hide a missing one
    x = draws.standard_normal((2, *row.shape))
    return Answer(x, [*layer.params.values(), *layer.state.values()], layer(x))


def _loss(loss: mc.Loss, row: Row) -> Answer:
    draws = rng()
    logits = loss.from_logits or loss.activation is None
    y_pred = draws.standard_normal((5, 3)) if logits else draws.uniform(0.1, 0.9, (5, 3))
    classes = draws.integers(0, 3, 5)
    y_true: np.ndarray = np.eye(3)[classes]
    if isinstance(loss, mc.SparseCategoricalCrossentropy):
        y_true = classes
    return Answer((y_pred, y_true), [], np.array(loss.forward(y_pred, y_true)[0]))


def _optimizer(optimizer: mc.Optimizer, row: Row) -> Answer:
    draws = rng()
    start, grads = draws.standard_normal((3, 2)), draws.standard_normal((STEPS, 3, 2))
    p = start.copy()
    for g in grads:
        optimizer.apply({"w": p}, {"w": g})
    return Answer((start, grads), [], p - start)


# ---- the frameworks' sides -----------------------------------------------------------------------


def in_keras(row: Row, ours: Answer) -> np.ndarray:
    import keras
    from keras import layers, losses, optimizers

    names = {"keras": keras, "layers": layers, "losses": losses, "optimizers": optimizers}
    thing = eval(str(row.keras), names)
    if row.section == "Layers":
        thing(ours.given)  # builds it
        shapes = [
            variable.shape for variable in thing.weights
        ]  # a depthwise kernel has axes of its own
        thing.set_weights([w.reshape(s) for w, s in zip(ours.weights, shapes, strict=True)])
        return np.asarray(thing(ours.given, training=False))
    if row.section == "Losses":
        y_pred, y_true = ours.given
        return np.asarray(thing(y_true, y_pred))
    start, grads = ours.given
    variable = keras.Variable(start)
    for g in grads:
        thing.apply([keras.ops.convert_to_tensor(g)], [variable])
    return np.asarray(variable) - start


def in_torch(row: Row, ours: Answer) -> np.ndarray:
    import torch
    from torch import nn, optim

    if row.section == "Optimizers":
        start, grads = ours.given
        weight = nn.Parameter(torch.tensor(start))
        optimizer = eval(str(row.torch), {"optim": optim, "p": [weight]})
        for g in grads:
            weight.grad = torch.tensor(g)
            optimizer.step()
        return weight.detach().numpy() - start
    thing = eval(str(row.torch), {"nn": nn}).double().eval()
    if row.section == "Losses":
        y_pred, y_true = map(torch.tensor, ours.given)
        return thing(y_pred, y_true).numpy()
    theirs = [w for w in thing.state_dict().values() if w.ndim]  # less a count of batches
    for weight, w in zip(theirs, ours.weights, strict=True):
        axes = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[w.ndim]
        weight.copy_(torch.from_numpy(w.transpose(axes).copy()))
    x = torch.from_numpy(ours.given)
    y = thing(x.permute(0, 3, 1, 2) if x.ndim == 4 else x).detach()
    return (y.permute(0, 2, 3, 1) if y.ndim == 4 else y).numpy()


def distance(expected: np.ndarray, got: np.ndarray) -> float:
    """The largest difference, by the size of what was expected."""
    if expected.shape != got.shape:
        return float("inf")
    return float(np.abs(expected - got).max() / np.abs(expected).max())


def main() -> None:
    """Ask both frameworks, and print {row: {framework: distance}}."""
    from tests.parity.keras_side import compute_in

    compute_in("float64")
    sides: dict[str, Callable[[Row, Answer], np.ndarray]] = {"keras": in_keras, "torch": in_torch}
    found = {}
    for row in rows():
        ours = answer(row)
        found[str(row)] = {
            side: distance(ours.answer, ask(row, ours))
            for side, ask in sides.items()
            if getattr(row, side) is not None
        }
    compute_in("float32")
    for framework, program in programs().items():
        names: dict[str, Any] = {}
        exec(program, names)
        found[f"the program in {framework}"] = {"shape": list(names["answers"].shape)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
