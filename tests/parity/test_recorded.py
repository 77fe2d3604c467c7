"""minicnn against the stored answers of Keras and PyTorch: part of every `make test`."""

from functools import partial

import numpy as np
import pytest

import minicnn as mc
from minicnn.engine import engine_options
from tests.parity import answers, cases, checks


@pytest.mark.parametrize("check", checks.ALL, ids=str)
def test_minicnn_answers_as_the_framework_did(check):
    check.run(answers.RECORDED)


@pytest.mark.parametrize("file", sorted(answers.RECORDED.glob("*.npz")), ids=lambda file: file.stem)
def test_every_stored_answer_is_compared(file):
    compared = {check.case.name for check in checks.ALL if check.file == file.stem}
    assert set(answers.load(file)) == compared


def test_every_layer_is_in_a_network():
    def kinds(specs):
        return {kind for s in specs for kind in ({s.kind} | kinds(s.inside))}

    in_networks = set().union(*(kinds(case.layers) for case in cases.NETWORKS))
    # TensorFlow's GELU has its √2 in float32 and is off by 5e-9; PyTorch's is compared alone.
    assert in_networks | {"GELU"} >= kinds(c.spec for c in cases.LAYERS)


def test_an_answer_that_differs_in_the_tenth_digit_is_noticed(tmp_path):
    check = checks.ALL[0]
    stored = answers.load(answers.RECORDED / f"{check.file}.npz")
    stored[check.case.name]["dx"].flat[5] += 1e-9
    np.savez(tmp_path / f"{check.file}.npz", **answers.flat(stored))
    with pytest.raises(AssertionError, match="dx: off by 1e-09"):
        check.run(tmp_path)


SMALL = [check for check in checks.NETWORKS if check.case.name == "every-layer"]
IN_FLOAT64, IN_FLOAT32 = SMALL


def test_training_by_a_slightly_different_rule_is_noticed(monkeypatch):
    monkeypatch.setattr(mc, "RMSprop", partial(mc.RMSprop, rho=0.89))
    with pytest.raises(AssertionError, match=r"off by .*, allowed"):
        IN_FLOAT64.run(answers.RECORDED)


@pytest.mark.parametrize("error", [1e-4, -1e-4])
def test_a_step_that_is_wrong_in_float32_alone_is_noticed(error, monkeypatch):
    class OffInFloat32(mc.RMSprop):
        def update(self, p, g, slots, lr, step, ops):
            super().update(p, g, slots, lr * (1 + error * (p.dtype == np.float32)), step, ops)

    monkeypatch.setattr(mc, "RMSprop", OffInFloat32)
    with pytest.raises(AssertionError, match=r"a step in float32 is off by .*, allowed"):
        IN_FLOAT32.run(answers.RECORDED)


def test_a_gradient_that_is_lost_in_float32_alone_is_noticed(monkeypatch):
    backward = mc.Conv2D.backward

    def forgets_some(self, dy, cache):
        dx, grads = backward(self, dy, cache)
        if dy.dtype == np.float32:
            grads["W"] = np.where(abs(grads["W"]) < 1e-4, 0, grads["W"])
        return dx, grads

    monkeypatch.setattr(mc.Conv2D, "backward", forgets_some)
    with engine_options(plain=True), pytest.raises(AssertionError, match="a step in float32"):
        IN_FLOAT32.run(answers.RECORDED)
