"""minicnn against Keras and PyTorch as installed here: `make test-parity`.

The frameworks answer in a process of their own, where their threads, settings and warnings
stay; this one only reads what they wrote.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.parity import answers, checks

pytestmark = pytest.mark.parity

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def live(tmp_path_factory) -> Path:
    """A folder of fresh answers."""
    folder = tmp_path_factory.mktemp("answers")
    command = [sys.executable, "-m", "tests.parity.record", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


@pytest.mark.parametrize("check", checks.ALL, ids=str)
def test_minicnn_answers_as_the_framework_does(check, live):
    check.run(live)


@pytest.mark.parametrize("file", sorted(answers.RECORDED.glob("*.npz")), ids=lambda file: file.stem)
def test_the_stored_answers_are_still_the_frameworks(file, live):
    stored, fresh = answers.flat(answers.load(file)), answers.flat(answers.load(live / file.name))
    assert set(stored) == set(fresh)
    if file.stem.endswith("float32"):
        return  # the frameworks themselves do not repeat these to the bit on another machine
    for what, array in stored.items():
        checks.equal(f"{file.stem}: {what}", fresh[what], array, checks.EXACT)
