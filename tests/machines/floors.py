"""The oldest dependencies that pyproject.toml allows, as constraints for pip.

A floor such as ``numpy>=2.0`` may have no wheel for a newer Python, and nobody's first step should
be a compiler. So each becomes the oldest version at or above it that has one for the Python at
hand, which is what ``pip index versions`` lists.
"""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

from tests.machines.runs import ROOT


@cache
def project(file: Path = ROOT / "pyproject.toml") -> dict:
    """What pyproject.toml says of the project."""
    return tomllib.loads(file.read_text(encoding="utf-8"))["project"]


def requirements(extra: str) -> list[Requirement]:
    """What a user gets with this extra, the package's own needs included."""
    listed = project()["dependencies"] + project()["optional-dependencies"][extra]
    return [Requirement(line) for line in listed]


def oldest(requirement: Requirement, versions: Iterable[str]) -> Version:
    """The lowest of these versions that will do."""
    fits = list(requirement.specifier.filter(map(Version, versions), prereleases=False))
    if not fits:
        raise LookupError(f"{requirement}: no version has a wheel for this Python")
    return min(fits)


def with_wheels(python: str, version: str, name: str) -> list[str]:
    """All versions of a package that this Python could install without a compiler."""
    wheels = ["--only-binary=:all:", "--python-version", version]  # the second for pip to mind them
    command = [python, "-m", "pip", "index", "versions", *wheels, name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("Available versions:"):
            return line.removeprefix("Available versions:").replace(" ", "").split(",")
    raise LookupError(f"{name}: pip lists no versions: {done.stderr.strip()[-300:]}")


def constraints(python: str, version: str, extra: str = "dev") -> dict[str, Version]:
    """For every direct requirement, the oldest version that will do; ``python`` has a new pip."""
    return {
        requirement.name: oldest(requirement, with_wheels(python, version, requirement.name))
        for requirement in requirements(extra)
    }
