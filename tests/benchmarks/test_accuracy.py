"""Each experiment on accuracy runs, in small, and what it says of its model is true."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import minicnn as mc
from minicnn.cli import main
from minicnn.metrics import accuracy

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SMALL = {
    "mission": (),
    "augmented": (),
    "textbook": ("--cached", "40", "--size", "32", "--seen", "36"),
    "best": ("--cached", "40", "--size", "32", "--seen", "36", "--width", "4"),
}


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few drawn pets, arranged as the photographs are."""
    folder = tmp_path_factory.mktemp("pets")
    x, y = mc.data.drawn_pets(24, image_size=(48, 48), seed=0)
    for k, (picture, label) in enumerate(zip(x, y, strict=True)):
        part = "train" if k < 8 else "validation"
        place = folder / part / ("cats", "dogs")[label] / f"{k}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(place)
    return folder


def python(script: str, *words: object, cache: Path) -> str:
    done = subprocess.run(
        [sys.executable, BENCHMARKS / script, *map(str, words)],
        env=os.environ | {"MINICNN_CACHE": str(cache), "PYTHONPATH": str(BENCHMARKS.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", SMALL)
def test_an_experiment(name, photographs, tmp_path, monkeypatch, capsys):
    cache = tmp_path / "cache"
    options = ("--epochs", 1, "--seed", 3, "--out", tmp_path / "out", *SMALL[name])
    python(f"accuracy/{name}.py", photographs, *options, cache=cache)
    result = json.loads((tmp_path / "out" / f"{name}-3.json").read_text(encoding="utf-8"))
    parts = result["final"]
    assert (result["experiment"], result["seed"], result["recipe"]["epochs"]) == (name, 3, 1)
    assert parts["choosing"]["right"] + parts["held_back"]["right"] == parts["all"]["right"]
    assert parts["all"]["pictures"] == 16
    assert len(result["epochs"]["val_accuracy"]) == 1

    monkeypatch.setenv("MINICNN_CACHE", str(cache))  # whoever has the file measures the same
    model = str(tmp_path / "out" / f"{name}-3.safetensors")
    assert main(["evaluate", model, str(photographs), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["accuracy"] == parts["all"]["accuracy"]
    assert accuracy(np.array(said["confusion_matrix"])) == said["accuracy"]


def test_a_probe_leaves_the_held_back_half_alone(photographs, tmp_path):
    out, cache = tmp_path / "out", tmp_path / "cache"
    options = ("--epochs", 1, "--probe", "--out", out, "--name", "trial", *SMALL["textbook"])
    python("accuracy/textbook.py", photographs, *options, cache=cache)
    result = json.loads((out / "trial-0.json").read_text(encoding="utf-8"))
    assert list(result["final"]) == ["choosing"]
    assert "| trial |" in python("accuracy/table.py", out, cache=cache)
    python("accuracy/held_back.py", photographs, out, cache=cache)
    result = json.loads((out / "trial-0.json").read_text(encoding="utf-8"))
    assert list(result["final"]) == ["choosing", "held_back", "all"]


def test_the_table_of_the_runs_in_the_docs():
    said = subprocess.run(
        [sys.executable, BENCHMARKS / "accuracy" / "table.py"], capture_output=True, text=True
    ).stdout
    page = (BENCHMARKS.parent / "docs" / "accuracy.md").read_text(encoding="utf-8")
    lines = [line for line in said.splitlines() if line.startswith("| ")]
    assert len(lines) > 2
    for line in lines:
        assert line in page


def test_waiting_for_data(photographs, tmp_path):
    said = python("data_wait.py", photographs, "--epochs", 2, cache=tmp_path / "cache")
    assert [line.split(":")[0] for line in said.splitlines()[1:]] == [
        "as they are",
        "mild",
        "classic",
    ]
