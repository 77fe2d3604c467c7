from pathlib import Path

import pytest

import minicnn as mc
from minicnn.testing.layer_table import CASES

OWN = """
import minicnn as mc
import helper_of_mine

class Right(mc.ReLU):
    pass

class Wrong(mc.ReLU):
    def backward(self, dy, cache):
        return -super().backward(dy, cache)[0], {}

class Crashes(mc.ReLU):
    def forward(self, x, training=False):
        return x @ x[0, 0, 0, 0], {}

def sized():
    return mc.Conv2D(2, 3)

number = 3
"""


@pytest.fixture
def own(here: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of the user's, which imports another that lies beside it."""
    name = f"own_layers_{abs(hash(here))}"
    (here / f"{name}.py").write_text(OWN)
    (here / "helper_of_mine.py").write_text("")
    return name


def test_every_layer_of_the_library(minicnn):
    said = minicnn("gradcheck")
    assert said.code == 0
    assert all(name in said.out for name in CASES)
    assert f"{len(CASES)} of {len(CASES)} right" in said.out


def has_a_tanh(layer):
    return any(
        isinstance(part, mc.Tanh) or getattr(part, "activation", None) == "tanh"
        for part in layer.walk()
    )


def test_a_layer_that_goes_wrong_is_found(minicnn, monkeypatch):
    backward = mc.Tanh.backward

    def flipped(self, dy, cache):
        dx, grads = backward(self, dy, cache)
        return -dx, grads

    monkeypatch.setattr(mc.Tanh, "backward", flipped)
    said = minicnn("gradcheck")
    assert said.code == 1
    wrong = [line.split()[0] for line in said.out.splitlines() if line.endswith("WRONG")]
    assert wrong == [name for name, (make, _) in CASES.items() if has_a_tanh(make())]
    assert {"dense-tanh", "tanh", "nested"} <= set(wrong)
    assert "wrong sign?" in said.err


@pytest.mark.parametrize("layer", ["Right", "sized"])
def test_a_layer_of_one_s_own(minicnn, own, layer):
    said = minicnn("gradcheck", "--layer", f"{own}:{layer}", "--shape", "5,5,3", "--full")
    assert said.code == 0, said.err
    assert "In use:" in said.out
    assert "While training:" in said.out


@pytest.mark.parametrize(
    ("layer", "complaint"),
    [
        ("Wrong", "wrong sign?"),
        ("Crashes", "MINICNN_TRACEBACK=1 shows where"),
        ("Missing", "has no attribute 'Missing'"),
        ("number", "not callable"),
    ],
)
def test_what_is_wrong_with_it_is_one_line(minicnn, own, layer, complaint):
    said = minicnn("gradcheck", "--layer", f"{own}:{layer}", "--shape", "4,4,2")
    assert said.code == 1
    assert complaint in said.err
    assert len(said.err.splitlines()) == 1
