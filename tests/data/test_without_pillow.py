"""Without Pillow models of numbers are as ever, and whoever asks for a picture is told."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
sys.modules["PIL"] = None  # an import of it fails
import numpy as np
import minicnn as mc

model = mc.Sequential([mc.Dense(1)], input_shape=(2,))
model.compile("sgd", "mse")
model.fit(np.ones((4, 2)), np.ones(4))
pixels = np.zeros((4, 8, 8, 3), np.uint8)
batch = next(iter(mc.data.Pictures(pixels, np.zeros(4, int), batch_size=4).epoch(0)))
assert batch.x.shape == (4, 8, 8, 3)
for ask in (
    lambda: mc.data.ImageFolder("photographs"),
    lambda: mc.data.read_picture("cat.jpg", (8, 8)),
    lambda: mc.data.drawn_pets(2),
    lambda: mc.data.contact_sheet(pixels, "classic"),
    lambda: mc.data.ImageFolder("photographs"),  # and the second time
):
    try:
        ask()
    except mc.MissingPackageError as error:
        assert isinstance(error, ImportError)
        print(error)
"""


def test_who_asks_for_a_picture_is_told() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = "expected Pillow for pictures, got none; install the package pillow"
    assert done.stdout.splitlines() == [said] * 5
