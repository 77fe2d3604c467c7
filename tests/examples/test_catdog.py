"""examples/catdog.py: from pictures to accuracy, plots and a model, however it is started."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import minicnn as mc

FILE = Path(mc.__file__).parents[1] / "examples" / "catdog.py"
LEFT = [
    "confusion.png", "curves.png", "mistakes.png", "model.safetensors", "report.html", "run.ckpt",
]  # fmt: skip


def small(seed=0, dropout=0.0):
    layers = [mc.MaxPool2D(25), mc.Flatten(), mc.Dense(1, activation="sigmoid")]
    return mc.Sequential(layers, input_shape=(150, 150, 3), seed=seed)


@pytest.fixture
def catdog(tmp_path, monkeypatch, capsys):
    """``catdog("--epochs", "1")`` runs the example in an empty folder; gives what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINICNN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("minicnn.zoo.catdog", small)

    def run(*options):
        monkeypatch.setattr(sys, "argv", ["catdog.py", *options])
        spec = importlib.util.spec_from_file_location("catdog_example", FILE)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.main()
        return capsys.readouterr().out

    return run


@pytest.fixture
def photographs(tmp_path):
    """Dark cats and bright dogs, in folders to train on and to validate with."""
    for part, count in (("train", 8), ("validation", 4)):
        for i in range(count):
            folder = tmp_path / "photographs" / part / ("cats", "dogs")[i % 2]
            folder.mkdir(parents=True, exist_ok=True)
            picture = np.full((9, 9, 3), 250 * (i % 2) + i % 4, np.uint8)
            Image.fromarray(picture).save(folder / f"{i}.png")
    return tmp_path / "photographs"


def left_in(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def test_drawn_pets(catdog):
    said = catdog("--pictures", "30", "--epochs", "1", "--augment", "--dropout", "0.5")
    assert left_in("runs/catdog") == LEFT
    assert "Accuracy on 10 pictures never trained on" in said
    assert "A classifier on the average colour alone" in said
    assert mc.load_model("runs/catdog/model.safetensors").class_names == ["cat", "dog"]


def test_photographs(catdog, photographs):
    said = catdog("--data", str(photographs), "--epochs", "2", "--out", "mine")
    assert left_in("mine") == LEFT
    assert "Accuracy on 4 pictures never trained on" in said
    assert "alone: 100.0%" in said  # these, colour gives away
    assert mc.load_model("mine/model.safetensors").class_names == ["cats", "dogs"]


def test_it_goes_on_and_ends_with_the_same_bits(catdog):
    base = ("--pictures", "30", "--augment", "classic")
    catdog(*base, "--epochs", "3", "--out", "whole")
    catdog(*base, "--epochs", "1", "--out", "parts")
    assert "Epoch 1/3" not in catdog(*base, "--epochs", "3", "--out", "parts", "--resume")
    for name in ("model.safetensors", "run.ckpt"):
        assert Path("parts", name).read_bytes() == Path("whole", name).read_bytes()


def test_downloaded_photographs(catdog, photographs, monkeypatch):
    monkeypatch.setattr("minicnn.data.download.cats_and_dogs", lambda: photographs)
    assert "Accuracy on 4 pictures" in catdog("--download", "--epochs", "1")


def test_it_is_one_screen():
    lines = FILE.read_text(encoding="utf-8").split('"""', 2)[2].strip().splitlines()
    assert len(lines) <= 75
