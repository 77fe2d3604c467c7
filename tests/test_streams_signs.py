"""What is printed can be printed: in a code page that lacks a sign, a plainer one stands there."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minicnn as mc
from minicnn.data.report import PictureReport
from minicnn.streams import PLAIN, for_console
from tests.patience import PATIENCE

ROOT = Path(mc.__file__).parents[1]
PAGES = ["ascii", "cp1252", "cp437", "cp932", "utf-8"]


@pytest.mark.parametrize("page", PAGES)
def test_every_report_can_be_printed(page, monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=page))
    model = mc.Sequential([mc.Dense(2)], input_shape=(3,))
    reports = [
        model.summary(print_fn=None),
        mc.gradcheck(mc.Dense(2), np.ones((1, 3))),
        mc.testing.check_layer(mc.ReLU, (3,)),
        PictureReport("ふぉと", {"猫": 1, "café": 2}, ignored=["a", "b", "c", "d"]),
    ]
    for report in reports:
        print(report)
        print(str(report).encode(page).decode(page))
    sys.stdout.flush()


def test_a_page_that_has_the_signs_gets_them(monkeypatch):
    text = "".join(map(chr, PLAIN))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    assert for_console(text) == text
    monkeypatch.setattr(sys, "stdout", None)  # closed, as in a service
    assert for_console(text) == text


def test_a_name_is_never_lost():
    assert for_console("猫 ─ \udcff") == "猫 ─ \udcff"  # pytest's own output has them all


def test_what_a_page_lacks_is_plainer_or_its_number(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="cp1252"))
    assert for_console("4×4 ── loss · 1") == "4x4 -- loss - 1"
    assert for_console("4×4 · loss") == "4×4 · loss"
    assert for_console("猫") == r"\u732b"


@pytest.mark.parametrize("encoding", ["ascii", "cp932"])
def test_training_says_its_lines_on_any_output(encoding):
    code = """
import numpy as np, minicnn as mc
model = mc.Sequential([mc.Dense(1)], input_shape=(2,))
model.summary()
model.compile("sgd", "mse")
model.fit(np.ones((4, 2)), np.ones(4), epochs=2, verbose=2)
"""
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment,
        capture_output=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert "Epoch 2/2 - " in done.stdout.decode(encoding)
