"""On what a run was made. No name of a machine or a person is among it."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from minicnn.backends import ops_for
from minicnn.cores import available_cores
from minicnn.engine import get_threads
from minicnn.version import __version__


def environment(model: Any) -> list[tuple[str, str]]:
    """One line for each thing that figures, or their last digits, may depend on."""
    arrays = list(model.params.values())
    backend = ops_for(*arrays[:1]).name if arrays else "numpy"
    return [
        ("minicnn", __version__),
        ("Python", f"{platform.python_version()} ({platform.python_implementation()})"),
        ("NumPy", np.__version__),
        ("BLAS", blas()),
        ("Backend", backend if backend == "numpy" else f"{backend}, {graphics()}"),
        ("Processor", processor()),
        ("Cores", f"{available_cores()} to be used by this process"),
        ("Threads", f"{get_threads()} of minicnn's own"),
        ("System", f"{platform.system()} {platform.release()} ({platform.machine()})"),
        ("matplotlib", _version_of("matplotlib")),
    ]


def blas() -> str:
    """The library that multiplies matrices, and the kernels that it chose for this processor."""
    try:
        from threadpoolctl import threadpool_info

        found = [entry for entry in threadpool_info() if entry["user_api"] == "blas"]
        return (
            ", ".join(
                f"{entry['internal_api']} {entry['version']}"
                + (f" ({entry['architecture']})" if entry.get("architecture") else "")
                for entry in found
            )
            or _built_with()
        )
    except Exception:  # it looks into other libraries, and the page can do without
        return _built_with()


def _built_with() -> str:
    built: Any = np.show_config(mode="dicts")
    found = built["Build Dependencies"]["blas"]
    return f"{found['name']} {found['version']}"


def graphics() -> str:
    """The GPU's name."""
    cupy = sys.modules["cupy"]
    try:
        return str(cupy.cuda.runtime.getDeviceProperties(0)["name"].decode())
    except Exception:
        return "a GPU that doesn't tell its name"


def processor() -> str:
    """Its model, as the system calls it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine() or "unknown"


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
