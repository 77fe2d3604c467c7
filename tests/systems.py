"""What one system can do and another cannot: tests ask for the thing, not for a system's name.

So `pytest -p tests.like_windows` leaves out here what Windows leaves out there.
"""

from __future__ import annotations

import os
import shutil
import signal
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.left_out import because, needs

needs_signals = needs(
    hasattr(signal, "SIGKILL"), "of processes that are stopped or killed", "no signals here"
)
needs_shell = needs(
    hasattr(os, "fork") and shutil.which("sh"), "of what a shell closes", "no shell of Unix here"
)
needs_terminals = needs(hasattr(os, "openpty"), "of terminals that are shut", "none here")
needs_named_pipes = needs(hasattr(os, "mkfifo"), "of named pipes", "no mkfifo here")
needs_fork = needs(
    hasattr(os, "fork") and find_spec("_multiprocessing"),  # a browser has the name alone
    "of forked processes",
    "no fork here",
)
needs_locks = needs(find_spec("fcntl"), "of locks, links and permissions", "not those of Unix here")
needs_users = needs(hasattr(os, "getuid"), "of what users may read", "no numbers of users here")
needs_limits = needs(find_spec("resource"), "of full disks", "no module resource here")
needs_proc = needs(os.path.isdir("/proc/self/fd"), "of files in use", "no /proc here: Linux has it")
needs_replacing_in_use = needs(
    hasattr(os, "fork"), "of files replaced while they are mapped", "refused here"
)


def write(place: Path, content: bytes) -> None:
    """Make a file, or leave the test out where no file can have such a name."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    except OSError as error:
        pytest.skip(because("of names of files", f"refused here: {error.strerror}"))


def link(place: Path, target: str | os.PathLike[str], folder: bool = False) -> None:
    """Make a link, or leave the test out: on Windows it takes a privilege."""
    try:
        place.symlink_to(target, target_is_directory=folder)
    except OSError as error:
        pytest.skip(because("of links", f"refused here: {error.strerror}"))
