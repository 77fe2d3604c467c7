"""Which arithmetic this machine can stand in for: OpenBLAS's kernels, NumPy's loops.

OpenBLAS has kernels for many processors, and picks them when NumPy is loaded; OPENBLAS_CORETYPE
picks others. NumPy has loops of its own for the vector instructions that it finds, and
NPY_DISABLE_CPU_FEATURES takes them away. Other names may end in the same kernels, and what this
processor cannot do it cannot stand in for: so each is tried, in a process of its own.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass

# Those most different come first: the shorter run takes the first two that differ from its own.
X86 = ["Haswell", "Prescott", "Sandybridge", "Nehalem", "SkylakeX", "Zen"]
ARM = ["ARMV8", "NEOVERSEN1", "CORTEXA57", "NEOVERSEV1", "THUNDERX2T99"]
NAMES = {"x86_64": X86, "amd64": X86, "arm64": ARM, "aarch64": ARM}

PROBE = """
import json
import numpy as np
a = np.ones((64, 64), np.float32)
assert (a @ a == 64).all()
from threadpoolctl import threadpool_info
blas = [lib.get("architecture") for lib in threadpool_info() if lib["internal_api"] == "openblas"]
found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
print(json.dumps({"kernel": blas[0] if blas else None, "features": found}))
"""


@dataclass(frozen=True)
class Arithmetic:
    """What NumPy computes with: OpenBLAS's kernels, and the features of its own loops."""

    kernel: str | None  # None: another BLAS
    features: tuple[str, ...]


def arithmetic(python: str = sys.executable, **env: str) -> Arithmetic | None:
    """What NumPy computes with under these variables; None if it cannot."""
    done = subprocess.run(
        [python, "-c", PROBE],
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        return None  # such as killed by an instruction that the processor does not know
    found = json.loads(done.stdout)
    return Arithmetic(found["kernel"], tuple(found["features"]))


def kernels() -> tuple[dict[str, str], list[str]]:
    """Names for OPENBLAS_CORETYPE, each with other kernels behind it; and why there are no more."""
    here: dict[str, str] = {}
    left_out = []
    own = arithmetic()
    if own is None or own.kernel is None:
        return {}, ["OpenBLAS's kernels: NumPy has another BLAS here"]
    for name in NAMES.get(platform.machine().lower(), []):
        found = arithmetic(OPENBLAS_CORETYPE=name)
        if found is None or found.kernel is None:
            left_out.append(f"{name}: this processor cannot run these kernels")
        elif found.kernel in here.values():
            twin = next(other for other, kernel in here.items() if kernel == found.kernel)
            left_out.append(f"{name}: this OpenBLAS takes the same kernels as for {twin}")
        elif found.kernel == own.kernel and name.lower() != own.kernel.lower():
            left_out.append(f"{name}: this OpenBLAS or processor has no such kernels")
        else:
            here[name] = found.kernel
    return here, left_out


def without_simd() -> dict[str, str]:
    """The variables that leave NumPy the loops every such processor can run, and no faster one."""
    own = arithmetic()
    return {"NPY_DISABLE_CPU_FEATURES": " ".join(own.features)} if own and own.features else {}
