"""Examples are run as they are, in an empty folder, with a network that trains in no time."""

import importlib.util
import sys
from pathlib import Path

import pytest

import minicnn as mc

EXAMPLES = Path(mc.__file__).parents[1] / "examples"


def small(seed=0, dropout=0.0):
    """It sees pictures as big as the real one does, and little of them."""
    layers = [
        mc.AvgPool2D(10),
        mc.Conv2D(5, 3, activation="relu"),
        mc.Flatten(),
        mc.Dense(1, activation="sigmoid"),
    ]
    return mc.Sequential(layers, input_shape=(150, 150, 3), seed=seed)


@pytest.fixture
def run_example(tmp_path, monkeypatch, capsys):
    """``run_example("edges", "--out", "e.png")`` runs it; gives what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("minicnn.zoo.catdog", small)

    def run(name, *options):
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *options])
        spec = importlib.util.spec_from_file_location(f"{name}_example", EXAMPLES / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.main()
        return capsys.readouterr().out

    return run


@pytest.fixture
def lines_of_code():
    """How long an example is, below its first words."""

    def count(name):
        text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
        return len(text.split('"""', 2)[2].strip().splitlines())

    return count


@pytest.fixture
def saved_model(tmp_path):
    """The file of a network of that kind."""
    small().save(tmp_path / "small.safetensors")
    return str(tmp_path / "small.safetensors")
