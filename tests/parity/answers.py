"""How answers are kept: arrays in .npz files, never pickles; of a huge array, a digest."""

from pathlib import Path

import numpy as np

from tests.parity import drawing

RECORDED = Path(__file__).parent / "answers"
WHOLE = 20_000  # arrays of more entries are kept as a digest
SAMPLED = 4_096


def flat(answers: dict[str, dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """``{case: {what: array}}`` as ``{"case/what": array}``."""
    return {f"{case}/{what}": a for case, answer in answers.items() for what, a in answer.items()}


def load(file: Path) -> dict[str, dict[str, np.ndarray]]:
    """The arrays of one file by case."""
    answers: dict[str, dict[str, np.ndarray]] = {}
    with np.load(file, allow_pickle=False) as stored:
        for key in stored.files:
            case, what = key.split("/")
            answers.setdefault(case, {})[what] = stored[key]
    return answers


def digest(answer: dict) -> dict[str, np.ndarray]:
    """A network's answer with each weight whole, or, of a huge one, a sample and sums."""
    kept = {what: a for what, a in answer.items() if what != "weights"}
    for index, weight in enumerate(answer["weights"]):
        if weight.size <= WHOLE:
            kept[f"weight{index}"] = weight
        else:
            places = drawing.whole(f"sample of {weight.shape}", (SAMPLED,), weight.size)
            kept[f"weight{index}-sample"] = weight.reshape(-1)[places]
            # Sums see every entry: one over each column, one over squares.
            kept[f"weight{index}-columns"] = weight.sum(axis=0, dtype=np.float64)
            kept[f"weight{index}-squares"] = np.square(weight, dtype=np.float64).sum(axis=0)
    return kept
