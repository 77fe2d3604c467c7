"""The Pythons of this machine: on the PATH, and where pyenv and uv keep theirs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROBE = """
import json, platform, sys, sysconfig
free = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
kind = platform.python_implementation()
print(json.dumps([kind, sys.version_info[:3], free, sys.executable]))
"""


@dataclass(frozen=True, order=True)
class Python:
    """An interpreter: a CPython, by version."""

    version: tuple[int, int, int]
    free_threaded: bool
    path: str

    @property
    def name(self) -> str:
        """Such as 3.13, or 3.13t for a build without the global lock."""
        return f"{self.version[0]}.{self.version[1]}{'t' if self.free_threaded else ''}"


def pythons(least: tuple[int, int]) -> list[Python]:
    """Every CPython from version ``least`` on; of one minor version, the newest that is found."""
    best: dict[str, Python] = {}
    for path in sorted(set(map(str, _candidates()))):
        found = _ask(path)
        if found is None or found.version[:2] < least:
            continue
        if found.name not in best or found.version > best[found.name].version:
            best[found.name] = found
    return sorted(best.values())


def _candidates() -> Iterator[Path]:
    yield Path(sys.base_prefix) / "bin" / "python3"
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        yield from Path(folder or ".").glob("python3*")
    for root, inside in (
        (Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions", "*/bin/python3"),
        (Path.home() / ".local" / "share" / "uv" / "python", "*/bin/python3"),
    ):
        yield from root.glob(inside)


def _ask(path: str) -> Python | None:
    """What this is; None if it is no CPython that starts (such as pyenv's stand-in for none)."""
    try:
        done = subprocess.run(
            [path, "-I", "-c", PROBE], capture_output=True, text=True, timeout=30, check=True
        )
        kind, version, free, itself = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return Python(tuple(version), free, itself) if kind == "CPython" else None
