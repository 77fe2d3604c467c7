"""What a user's first minute looks like, run by `make check-install` on the installed wheel."""

import subprocess
import sys
from importlib.metadata import packages_distributions, version
from pathlib import Path

import numpy as np

import minicnn as mc

assert ".venv-install" in mc.__file__, f"not the installed package: {mc.__file__}"
assert packages_distributions()["minicnn"] == ["minicnn-textbook"]
assert version("minicnn-textbook") == mc.__version__
for heavy in ("cupy", "matplotlib", "PIL", "rich", "hypothesis", "pytest"):
    assert heavy not in sys.modules, f"import minicnn loaded {heavy}"

model = mc.zoo.catdog()
assert model.count_params() == 9_494_561

model = mc.Sequential([
    mc.Conv2D(4, 3, activation="relu"), mc.MaxPool2D(2),
    mc.Flatten(), mc.Dense(1, activation="sigmoid"),
], input_shape=(8, 8, 1))  # fmt: skip
model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
x = np.random.default_rng(0).random((40, 8, 8, 1))
y = (x[:, 0, 0, 0] > 0.5).astype(int)
history = model.fit(x, y, epochs=2, validation_split=0.25, verbose=0)
assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
assert model.predict(x).shape == (40, 1)
print(mc.gradcheck(mc.Conv2D(2, 3), np.random.default_rng(1).random((1, 4, 4, 1))))
subprocess.run([Path(sys.executable).with_name("minicnn"), "gradcheck"], check=True)
print("installed and working")
