"""How a run was set up, in words."""

from __future__ import annotations

import inspect
import os
from collections.abc import Sequence
from typing import Any

from minicnn.data.augment.augmentation import Augmentation
from minicnn.data.dataset import Dataset
from minicnn.report.words import counted
from minicnn.training import Callback

SHORT = 160  # signs of one setting


def settings(
    model: Any, plan: dict[str, Any], callbacks: Sequence[Callback]
) -> list[tuple[str, str]]:
    """Everything that was chosen, one line each; asked before training, while rates are whole."""
    trainer, data, held_back = model.trainer, plan["data"], plan["validation_data"]
    classes = trainer.link.classes
    task = f", {classes} classes" if classes else ""
    return [
        ("Network", f"{model.name or 'sequential'}, {model.count_params():,} parameters{task}"),
        ("Optimizer", described(trainer.optimizer)),
        ("Loss", trainer.link.loss.name),
        ("Figures", ", ".join(metric.name for metric in trainer.metrics) or "the loss alone"),
        ("Epochs", f"{plan['epochs']:,} of {counted(plan['steps'], 'step')}"),
        ("Batch size", batch_size(data)),
        ("Training data", described_data(data)),
        ("Validation data", "none" if held_back is None else described_data(held_back)),
        ("Augmentation", described(getattr(data, "augment", None), nothing="none")),
        ("Seed", f"{model.seed}"),
        ("Between gradients and optimizer", several(trainer.gradients)),
        ("Callbacks", several(callbacks)),
    ]


def several(things: Sequence[Any]) -> str:
    """A list of them, or the word that there is none."""
    return ", ".join(described(thing) for thing in things) or "none"


def batch_size(data: Dataset) -> str:
    """Of a data set that says."""
    size = getattr(data, "batch_size", None)
    return "not told by the data set" if size is None else f"{size:,}"


def described_data(data: Dataset) -> str:
    """How much there is, and from where."""
    labels = getattr(data, "labels", getattr(data, "y", None))
    much = counted(len(data), "batch", "batches")
    if labels is not None:
        much = f"{counted(len(labels), 'sample')} in {much}"
    root = getattr(data, "root", None)
    return f"{much}, from {os.fspath(root)}" if root is not None else much


def described(thing: Any, nothing: str = "") -> str:
    """A thing with its arguments, as one would write it; never its address in memory.

    >>> from minicnn.training import ClipNorm, EarlyStopping
    >>> described(ClipNorm(1.0)), described(EarlyStopping(patience=3))
    ('ClipNorm(limit=1.0)', 'EarlyStopping(patience=3, restore_best_weights=True)')
    """
    if thing is None:
        return nothing
    if isinstance(thing, Augmentation):
        text = ", ".join(map(described, [*thing.moves, *thing.changes]))
    elif inspect.isroutine(thing):
        text = f"the function {thing.__qualname__}"
    elif "__repr__" in {name for kind in type(thing).__mro__[:-1] for name in vars(kind)}:
        text = repr(thing)
    else:
        text = f"{type(thing).__name__}({', '.join(_arguments(thing))})"
    return text if len(text) <= SHORT else f"{text[:SHORT]}…"


def _arguments(thing: Any) -> list[str]:
    """What it was made with, as far as it remembers it in numbers and words."""
    shown = []
    for name in inspect.signature(type(thing)).parameters:
        value = vars(thing).get(name)
        if isinstance(value, bool | int | float | str | os.PathLike | tuple):
            value = os.fspath(value) if isinstance(value, os.PathLike) else value
            shown.append(f"{name}={value!r}")
    return shown
