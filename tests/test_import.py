"""What ``import minicnn`` loads, in a fresh process, and what it promises by name."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import minicnn as mc
from tests.patience import PATIENCE

ROOT = Path(mc.__file__).parents[1]  # the same minicnn, not another that may be installed
HEAVY = ("cupy", "matplotlib", "PIL", "rich", "safetensors", "threadpoolctl", "hypothesis")


def in_a_fresh_process(code):
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded_after(code):
    report = f"import json, sys; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    return json.loads(in_a_fresh_process(f"{code}\n{report}").splitlines()[-1])


def test_importing_loads_nothing_heavy():
    assert loaded_after("import minicnn") == []


def test_training_in_silence_loads_nothing_to_draw_with():
    code = """
import numpy as np, minicnn as mc
model = mc.Sequential([mc.Dense(1)], input_shape=(2,))
model.compile("sgd", "mse")
model.fit(np.ones((4, 2)), np.ones(4))          # verbose=1, but nobody is watching
model.summary()
"""
    drawing = {"cupy", "matplotlib", "PIL", "rich", "hypothesis"}
    assert not drawing & set(loaded_after(code))


def test_rooms_are_loaded_when_they_are_asked_for():
    code = """
import sys, minicnn as mc
assert "minicnn.zoo" not in sys.modules and "minicnn.testing" not in sys.modules
assert mc.zoo.catdog and mc.testing.check_layer and mc.data
assert {"zoo", "testing", "data"} <= set(dir(mc))
"""
    in_a_fresh_process(code)


def test_the_report_brings_what_draws_only_when_it_is_asked_for():
    assert "minicnn.report" not in in_a_fresh_process(
        "import sys, minicnn; print([m for m in sys.modules if 'minicnn.' in m])"
    )
    assert not {"matplotlib", "PIL", "rich"} & set(loaded_after("import minicnn; minicnn.Report"))


def test_importing_changes_nothing_of_numpy_s():
    code = """
import numpy as np
before = np.geterr(), np.random.get_state()[1].tolist(), np.get_printoptions()
import minicnn
assert before == (np.geterr(), np.random.get_state()[1].tolist(), np.get_printoptions())
"""
    in_a_fresh_process(code)


PROMISED = """
    Sequential
    Conv2D MaxPool2D AvgPool2D GlobalAvgPool2D UpSample2D Dense Flatten Dropout BatchNorm
    ReLU LeakyReLU Sigmoid Tanh Softmax Chain Residual Concat
    ReLU6 Softplus SiLU GELU Reshape GlobalMaxPool2D Conv2DTranspose SeparableConv2D
    BinaryCrossentropy CategoricalCrossentropy SparseCategoricalCrossentropy MeanSquaredError
    RMSprop SGD Adam AdamW ExponentialDecay CosineDecay PiecewiseConstantDecay
    gradcheck GradReport GradientError MinicnnError
    use_backend data zoo testing Callback Report
"""


@pytest.mark.parametrize("name", re.findall(r"\w+", PROMISED))
def test_the_promised_names_are_there(name):
    assert getattr(mc, name) is not None
    assert name in mc.__all__
    assert name in dir(mc)


def test_every_public_name_leads_somewhere():
    for name in mc.__all__:
        getattr(mc, name)
    with pytest.raises(AttributeError, match="no attribute 'Conv3D'"):
        mc.Conv3D  # noqa: B018
