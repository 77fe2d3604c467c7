"""docs/coming-from.md keeps its word: the cells of a row are the same thing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.parity.same_thing import Row, answer, distance, programs, rows

ROOT = Path(__file__).parents[2]
NEAR = {
    "Layers": 1e-7,  # TensorFlow's LeakyReLU keeps its slope in float32; the others are at 1e-15
    "Losses": 1e-6,  # probabilities are clipped at float32's 1e-7 in Keras
    # Keras rounds settings to float32, whatever it computes in; PyTorch's Adam adds its epsilon
    # behind the correction (docs/conventions.md), which is felt in the first steps.
    "Optimizers": 5e-5,
}
ROWS = rows()


def test_the_page_has_its_tables_and_its_programs():
    assert {row.section for row in ROWS} == {"Layers", "Losses", "Optimizers"}
    assert len(ROWS) >= 35
    assert len({str(row) for row in ROWS}) == len(ROWS)
    assert sum(row.keras is None for row in ROWS) == 0
    assert sum(row.torch is None for row in ROWS) == 2
    assert set(programs()) == {"Keras 3", "PyTorch"}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_minicnns_cell_can_be_written_just_so(row: Row):
    found = answer(row).answer
    assert np.isfinite(found).all()
    assert np.abs(found).max() > 0


def test_a_cell_that_is_another_thing_is_far_away():
    conv = next(row for row in ROWS if "strides=2, padding=1" in row.minicnn)
    same = Row(
        conv.section, conv.shape, conv.minicnn.replace("padding=1", 'padding="same"'), "", ""
    )
    assert distance(answer(conv).answer, answer(same).answer) > 0.1  # the odd cell's side
    assert distance(np.ones(2), np.ones(3)) == float("inf")


@pytest.fixture(scope="module")
def live(tmp_path_factory) -> dict[str, dict[str, float]]:
    """What the frameworks say, in a process and a folder of their own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.parity.same_thing"],
        cwd=tmp_path_factory.mktemp("programs"),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.strip().split("\n")[-1])


@pytest.mark.parity
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_frameworks_cells_are_the_same_thing(row: Row, live):
    found = live[str(row)]
    assert set(found) == {s for s in ("keras", "torch") if getattr(row, s) is not None}
    assert all(far < NEAR[row.section] for far in found.values()), found


@pytest.mark.parity
@pytest.mark.parametrize("framework", ["Keras 3", "PyTorch"])
def test_the_frameworks_programs_run(framework, live):
    assert live[f"the program in {framework}"] == {"shape": [40, 1]}
