"""minicnn against the stored answers of Keras and PyTorch: part of every `make test`."""

from functools import partial

import numpy as np
import pytest

import minicnn as mc
from tests.parity import answers, cases, checks


@pytest.mark.parametrize("check", checks.ALL, ids=str)
def test_minicnn_answers_as_the_framework_did(check):
    check.run(answers.RECORDED)


@pytest.mark.parametrize("file", sorted(answers.RECORDED.glob("*.npz")), ids=lambda file: file.stem)
def test_every_stored_answer_is_compared(file):
    compared = {check.case.name for check in checks.ALL if check.file == file.stem}
    assert set(answers.load(file)) == compared


def test_every_layer_is_in_the_network_of_every_layer():
    def kinds(specs):
        return {kind for s in specs for kind in ({s.kind} | kinds(s.inside))}

    (case,) = (case for case in cases.NETWORKS if case.name == "every-layer")
    assert kinds(case.layers) >= kinds(c.spec for c in cases.LAYERS)


def test_an_answer_that_differs_in_the_tenth_digit_is_noticed(tmp_path):
    check = checks.ALL[0]
    stored = answers.load(answers.RECORDED / f"{check.file}.npz")
    stored[check.case.name]["dx"].flat[5] += 1e-9
    np.savez(tmp_path / f"{check.file}.npz", **answers.flat(stored))
    with pytest.raises(AssertionError, match="dx: off by 1e-09"):
        check.run(tmp_path)


SMALL = [check for check in checks.NETWORKS if check.case.name == "every-layer"]


@pytest.mark.parametrize("check", SMALL, ids=str)
def test_training_by_a_slightly_different_rule_is_noticed(check, monkeypatch):
    monkeypatch.setattr(mc, "RMSprop", partial(mc.RMSprop, rho=0.89))
    with pytest.raises(AssertionError, match=r"off by .*, allowed"):
        check.run(answers.RECORDED)
