"""What one system can do and another cannot: tests ask for the thing, not for a system's name.

So `pytest -p tests.like_windows` leaves out here what Windows leaves out there.
"""

from __future__ import annotations

import os
import signal
from importlib.util import find_spec
from pathlib import Path

import pytest

needs_signals = pytest.mark.skipif(
    not hasattr(signal, "SIGKILL"), reason="needs signals from one process to another"
)
needs_named_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
needs_users = pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs numbers of users")
needs_limits = pytest.mark.skipif(
    find_spec("resource") is None, reason="needs limits of files: the module resource"
)
needs_terminals = pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs pseudo-terminals")
needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux's /proc")


needs_replacing_in_use = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="Windows replaces no file that is mapped"
)


def write(place: Path, content: bytes) -> None:
    """Make a file, or leave the test out where no file can have such a name."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    except OSError as error:
        pytest.skip(f"no file can be called {place.name!r} here ({error})")


def link(place: Path, target: str | os.PathLike[str], folder: bool = False) -> None:
    """Make a link, or leave the test out: on Windows it takes a privilege."""
    try:
        place.symlink_to(target, target_is_directory=folder)
    except OSError as error:
        pytest.skip(f"needs the right to make links ({error})")
