r"""A rehearsal for Windows, on Linux: pytest -p tests.like_windows ...

What is missing there is missing here, and what is refused there is refused here: a file that is
open or mapped can be neither renamed, nor replaced, nor deleted; links need a privilege; a signal
that is not Ctrl-C ends a process, 0 too; and the folders of the tests have a backslash, a space
and brackets in their names, as C:\Users\Ann (x86) has. What it does not rehearse: line ends, the
code pages of consoles, letters of drives, and any process but that of the tests.

Tests that need what Windows lacks ask for the thing (hasattr(os, "mkfifo")) and not for the
system's name, so that they are left out here as they are there.
"""

from __future__ import annotations

import builtins
import errno
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

NO_MODULES = ("fcntl", "resource", "termios", "pty", "tty", "grp", "pwd", "posix")
NOT_IN_OS = (
    "fork", "forkpty", "openpty", "register_at_fork", "mkfifo", "mknod", "getuid", "geteuid",
    "setuid", "setgid", "setgroups", "getpgid", "killpg", "posix_fallocate", "posix_fadvise",
    "sched_getaffinity", "sched_setaffinity", "sysconf", "statvfs", "fchown", "chown", "pread",
    "pwrite", "O_NOFOLLOW", "O_DIRECTORY", "O_CLOEXEC", "O_NONBLOCK", "getloadavg",
)  # fmt: skip
NO_SIGNALS = ("SIGKILL", "SIGSTOP", "SIGCONT", "SIGHUP", "SIGALRM", "SIGUSR1", "SIGPIPE", "SIGXFSZ")


def pytest_configure(config: Any) -> None:
    """Folders of the tests with a name that no shell and no pattern likes."""
    if config.option.basetemp is None:
        config.option.basetemp = Path(tempfile.mkdtemp()) / r"like\windows (x86)"


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Before anything of the library is imported, which looks at once for what there is."""
    for name in NO_MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    for name in NOT_IN_OS:
        if hasattr(os, name):
            delattr(os, name)
    kill = os.kill
    for name in NO_SIGNALS:
        delattr(signal, name)
    subprocess.Popen.kill = lambda process: process.poll() or kill(process.pid, 9)  # type: ignore[method-assign,assignment]

    for name in ("replace", "rename", "link"):
        setattr(os, name, refusing(getattr(os, name), paths=2))
    for name in ("unlink", "remove"):
        setattr(os, name, refusing(getattr(os, name), paths=1))
    os.symlink = _no_privilege  # type: ignore[assignment]
    os.kill = _would_end_it  # type: ignore[assignment]
    builtins.open, io_open = _checking_names(builtins.open), builtins.open
    sys.modules["io"].open = _checking_names(io_open)  # type: ignore[attr-defined]


def pytest_sessionstart() -> None:
    """What the library asks of the system by its name."""
    from minicnn import streams, whole_file
    from minicnn.data import cache

    streams.AN_INVALID_ARGUMENT = {errno.EINVAL}
    cache.RENAMES_OPEN_FILES = False
    whole_file.RENAME_AGAIN_AFTER = (0.01, 0.03, 0.1, 0.3, 1.0)


def refusing(call: Any, paths: int) -> Any:
    """``call``, unless one of its paths is a file that is in use."""

    def refusing(*arguments: Any, **options: Any) -> Any:
        if not any(options.get(key) is not None for key in ("dir_fd", "src_dir_fd", "dst_dir_fd")):
            for path in arguments[:paths]:
                if in_use(path):
                    raise PermissionError(errno.EACCES, "used by a process (as on Windows)", path)
        return call(*arguments, **options)

    return refusing


def in_use(path: Any) -> bool:
    """Whether this process has the file open, or mapped into its memory."""
    real = os.path.realpath(path)
    with os.scandir("/proc/self/fd") as handles:
        for handle in handles:
            try:
                if os.readlink(handle.path) == real:
                    return True
            except OSError:  # the handle of this very listing
                continue
    with _open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
        return any(line.rstrip("\n").endswith(f" {real}") for line in maps)


_open = open


def _no_privilege(*_: Any, **__: Any) -> None:
    raise OSError(errno.EPERM, "a required privilege is not held by the client (as on Windows)")


def _would_end_it(pid: int, number: int) -> None:
    raise AssertionError(f"os.kill({pid}, {number}) ends the process on Windows")


def _checking_names(call: Any) -> Any:
    """``open``, but for names that Windows has no files of."""

    def checking(file: Any, *arguments: Any, **options: Any) -> Any:
        if isinstance(file, str | os.PathLike):
            name = os.path.basename(os.fspath(file))
            text = name if isinstance(name, str) else os.fsdecode(name)
            mode = arguments[0] if arguments else options.get("mode", "r")
            if set(mode) & set("wax") and set(text) & set('<>:"|?*') and "/proc/" not in str(file):
                raise OSError(errno.EINVAL, "no name of a file (as on Windows)", file)
        return call(file, *arguments, **options)

    return checking
