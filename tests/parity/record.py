"""Ask Keras and PyTorch once, and store what they say (run where both are installed).

    python -m tests.parity.record [folder]          # `make record-parity`

``make test`` compares minicnn with the stored answers, and so needs no framework;
``make test-parity`` asks the frameworks anew and compares with both.
"""

import argparse
import datetime
import platform
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
import torch

from tests.parity import answers, cases, keras_side, torch_side


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=answers.RECORDED)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, answer in ask().items():
        np.savez_compressed(folder / f"{name}.npz", **answers.flat(answer))
    (folder / "README.md").write_text(describe(folder))


def ask() -> dict[str, dict]:
    """Every answer: one mapping for each file, from a case's name to its arrays."""
    rounding = {  # both dtypes, because their distance is what rounding does to this network
        f"{case.name}-{dtype}": {case.name: answers.digest(keras_side.answer_network(case, dtype))}
        for case in cases.NETWORKS
        for dtype in ("float32", "float64")
    }
    return rounding | {
        "layers": {case.name: torch_side.answer_layer(case) for case in cases.LAYERS},
        "losses-torch": {
            case.name: torch_side.answer_loss(case) for case in cases.LOSSES_OF_LOGITS
        },
        "losses-keras": {case.name: keras_side.answer_loss(case) for case in cases.LOSSES},
        "optimizers": {case.name: keras_side.answer_optimizer(case) for case in cases.OPTIMIZERS},
        "schedules": {case.name: keras_side.answer_schedule(case) for case in cases.SCHEDULES},
        "metrics": {case.name: keras_side.answer_metric(case) for case in cases.METRICS},
    }


def describe(folder: Path) -> str:
    sizes = "\n".join(
        f"| `{file.name}` | {file.stat().st_size:,} |" for file in sorted(folder.glob("*.npz"))
    )
    return f"""# What Keras and PyTorch answered

Written by `python -m tests.parity.record` on {datetime.date.today()}; do not edit.

Keras {keras.__version__}, TensorFlow {tf.__version__}, PyTorch {torch.__version__},
NumPy {np.__version__}, Python {platform.python_version()}, {platform.system()}
{platform.machine()}.

Inputs and starting weights are not here: `drawing.py` draws them anew from each case's name.

| file | bytes |
|---|---|
{sizes}
"""


if __name__ == "__main__":
    main()
