"""Processes that are really killed, interrupted, or run out of disk, and go on."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import minicnn as mc
from tests.patience import PATIENCE
from tests.systems import needs_limits, needs_signals
from tests.training import resumable_run

RESULTS = ("final.safetensors", "history.json", "log.csv", "log.jsonl", "best.ckpt", "run.ckpt")


def start(folder: Path, *options: str) -> subprocess.Popen[str]:
    """The run in a process of its own, up to where its training begins."""
    command = [sys.executable, resumable_run.__file__, str(folder), *options]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)


def wait_for(process: subprocess.Popen[str], word: str) -> str:
    assert process.stdout is not None
    return next((line for line in process.stdout if line.startswith(word)), "")


def finish(folder: Path) -> dict[str, bytes]:
    """Let the run come to its end; every byte that it leaves."""
    process = start(folder)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert sorted(path.name for path in folder.iterdir()) == sorted(RESULTS)  # and no litter
    return {name: (folder / name).read_bytes() for name in RESULTS}


@pytest.fixture(scope="module")
def never_stopped(tmp_path_factory: Any) -> dict[str, bytes]:
    return finish(tmp_path_factory.mktemp("never_stopped"))


def assert_same(results: dict[str, bytes], expected: dict[str, bytes]) -> None:
    assert [name for name in RESULTS if results[name] != expected[name]] == []


@needs_signals
def test_killed_at_any_moment_it_ends_with_the_same_bits(
    tmp_path: Path, never_stopped: dict[str, bytes]
) -> None:
    random_moment = random.Random(time.time_ns())  # other moments in every run of the tests
    began: set[str] = set()
    kills = 0
    # On a busy machine it may be killed before it has got anywhere: then it is given longer.
    while kills < 5 or (len(began) < 2 and kills < 40):
        process = start(tmp_path)
        began.add(wait_for(process, "training"))
        time.sleep(random_moment.uniform(0.0, 0.12) * max(1, kills - 3))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if process.returncode != -signal.SIGKILL:
            break  # it was done before
        kills += 1
    assert kills >= 2, "the run is too short to be killed; give it more epochs"
    assert len(began) >= 2, "it never got further before it was killed"
    assert_same(finish(tmp_path), never_stopped)


@needs_signals
def test_ctrl_c_finishes_the_step_saves_and_says_how_to_go_on(
    tmp_path: Path, never_stopped: dict[str, bytes]
) -> None:
    process = start(tmp_path)
    wait_for(process, "epoch 2")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGINT  # as a program ends that Ctrl-C has stopped
    checkpoint = str(tmp_path / "run.ckpt")
    assert "stopping after this step" in errors
    assert f"go on with model.fit(..., resume={checkpoint!r})" in errors.splitlines()[-1]
    assert_same(finish(tmp_path), never_stopped)


@needs_limits
def test_a_full_disk_loses_no_earlier_checkpoint(
    tmp_path: Path, never_stopped: dict[str, bytes]
) -> None:
    process = start(tmp_path, "full disk")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    last_line = errors.splitlines()[-1]
    assert last_line.startswith("minicnn.errors.SavingError: ")
    assert "run.ckpt" in last_line
    assert "File too large; the file from before is untouched" in last_line
    assert mc.load_model(tmp_path / "run.ckpt").count_params() > 0
    assert_same(finish(tmp_path), never_stopped)
