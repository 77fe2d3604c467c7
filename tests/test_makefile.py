"""On a machine that lacks something, make says what in one line, before it begins."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(
    shutil.which("make") is None or not hasattr(os, "fork"),
    reason="needs make, and a shell for it",
)


@pytest.fixture
def python(tmp_path):
    """Makes a command that is this Python, but for a line that runs before the code it is given."""

    def made(first):
        command = tmp_path / "python-of-the-test"
        code = f"import sys; {first}; exec(sys.argv[1])"
        command.write_text(
            f'#!/bin/sh\nif [ "$1" = -V ]; then echo Python 3.9.2; exit; fi\n'
            f'exec "{sys.executable}" -c "{code}" "$2"\n'
        )
        command.chmod(0o755)
        return command

    return made


def make(*words):
    done = subprocess.run(
        ["make", "--no-print-directory", *words, "setup"],
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def refused(python, folder):
    status, said = make(f"PYTHON={python}", f"VENV={folder / 'venv'}")
    assert status == 2
    assert said.count("\n") == 1
    assert not (folder / "venv").exists()
    return said


def test_without_any_python(tmp_path):
    said = refused("python-that-is-not-there", tmp_path)
    assert "expected Python 3.11 or newer as python-that-is-not-there, found none" in said
    assert "python3-venv" in said


def test_with_an_old_python(python, tmp_path):
    said = refused(python("sys.version_info = (3, 9, 2)"), tmp_path)
    assert "expected Python 3.11 or newer, but" in said
    assert "is Python 3.9.2; name a newer one: make PYTHON=" in said


def test_where_virtual_environments_cannot_be_made(python, tmp_path):
    said = refused(python("sys.modules['ensurepip'] = None"), tmp_path)
    assert "has no ensurepip; install python3-venv" in said


def test_where_nothing_is_missing_it_goes_on(python, tmp_path):
    status, said = make("--dry-run", f"PYTHON={python('pass')}", f"VENV={tmp_path / 'venv'}")
    assert status == 0
    assert f"-m venv {tmp_path / 'venv'}" in said
