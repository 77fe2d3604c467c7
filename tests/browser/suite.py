"""Rooms of the suite in a browser's Python: ``node run.mjs PYODIDE WHEELS suite.py [ROOM ...]``.

A test that starts a thread or a process of its own, or imports what no browser has, is skipped and
says why. If it is minicnn that starts one, the test fails.
"""

from __future__ import annotations

import importlib.abc
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

# Not among them: test_atomic.py, about users, locks and pipes, which a page's files do not have.
ROOMS = (
    "tests/test_errors.py", "tests/test_initializers.py", "tests/test_metric_curves.py",
    "tests/test_metrics.py", "tests/test_randomness.py",
    "tests/layers", "tests/losses", "tests/optimizers", "tests/gradcheck", "tests/testing",
    "tests/backends/reference", "tests/backends/test_numpy_rules.py",
    "tests/backends/test_ops.py", "tests/backends/test_window.py",
    "tests/engine", "tests/model", "tests/training", "tests/explain",
    "tests/saving/test_hostile_files.py", "tests/saving/test_json_text.py",
    "tests/saving/test_save_and_load.py", "tests/saving/test_tensor_file.py",
    "tests/data/augment", "tests/data/test_arrays.py", "tests/data/test_bombs.py",
    "tests/data/test_folder.py", "tests/data/test_mixup.py", "tests/data/test_nested_pictures.py",
    "tests/data/test_pictures.py", "tests/data/test_prefetch.py", "tests/data/test_progress.py",
)  # fmt: skip
NOT_THERE = {
    "http.server": "a browser's Python listens to nobody",
    "threadpoolctl": "a browser's NumPy has no BLAS whose threads could be held",
}


PYPROJECT_S = (  # options, but for those that need other packages, or other processes
    "--override-ini=addopts=", "--import-mode=importlib", "-m", "not parity and not gpu",
    "-p", "no:cacheprovider",
)  # fmt: skip
MACHINERY = {"subprocess.py", "threading.py", "thread.py", "suite.py"}


def by_a_test() -> bool:
    """Whether it is a test that calls for a thread or a process, and not minicnn or NumPy."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_machinery(frame.f_code.co_filename):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename.startswith("/suite/tests/")


def is_machinery(file: str) -> bool:
    return file.startswith("<frozen importlib") or Path(file).name in MACHINERY


def skipping(method: Callable[..., Any], reason: str) -> Callable[..., Any]:
    def instead(*args: Any, **options: Any) -> Any:
        if by_a_test():
            pytest.skip(reason)
        return method(*args, **options)

    return instead


class NotThere(importlib.abc.MetaPathFinder):
    """Skips the tests of a module that imports what a browser has not."""

    def find_spec(self, name: str, *_: Any) -> None:
        if name in NOT_THERE and by_a_test():
            pytest.skip(NOT_THERE[name], allow_module_level=True)


class NoHandles:
    """A plugin: file handles can't be turned aside in a browser, as capfd would."""

    @pytest.fixture
    def capfd(self) -> None:
        pytest.skip("a browser's output has no file handles")


def main(rooms: list[str]) -> int:
    # Before any test is found: then it is the wheel, and no folder, that is tested.
    import minicnn

    assert "site-packages" in minicnn.__file__
    sys.meta_path.insert(0, NotThere())
    threading.Thread.start = skipping(threading.Thread.start, "a browser's Python has no threads")
    subprocess.Popen.__init__ = skipping(subprocess.Popen.__init__, "a browser has no processes")
    options = ["-q", "-ra", "--no-header", "--capture=sys", "--durations=8", *PYPROJECT_S]
    return int(pytest.main([*options, *(rooms or ROOMS)], plugins=[NoHandles()]))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
