"""OpenBLAS's AVX-512 kernels, where it overlooks them (floor 0: known only to ``__init__``).

The OpenBLAS inside NumPy's wheels carries a few sets of kernels and picks one when it is
loaded. On AMD's Zen 4 and Zen 5 it would pick a set that the wheels leave out, and falls back
to kernels for AVX2, which do half as much in a cycle. Its own AVX-512 kernels ("SkylakeX") run
there too: matrix products take 0.55 of the time on a Zen 5. So, before NumPy is loaded, the
variable that OpenBLAS looks at is set, and it is removed again right after.

Nothing is done if NumPy is loaded already (``import minicnn`` first, if it matters), if
OPENBLAS_CORETYPE is set (the user has chosen), on any other processor, or with
MINICNN_WIDE_KERNELS=0.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

CORETYPE = "OPENBLAS_CORETYPE"
NEEDED = {"avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512cd"}
CPUINFO = Path("/proc/cpuinfo")


def load_numpy() -> None:
    """Load NumPy, and with it OpenBLAS with the kernels that suit this processor best."""
    chosen = CORETYPE in os.environ or os.environ.get("MINICNN_WIDE_KERNELS") == "0"
    if "numpy" in sys.modules or chosen or not overlooked(_cpuinfo()):
        return
    os.environ[CORETYPE] = "SkylakeX"
    try:
        import numpy  # noqa: F401 - for its side effect
    finally:
        del os.environ[CORETYPE]


def overlooked(cpuinfo: str) -> bool:
    """Whether this is an AMD processor with all of AVX-512 that the kernels use.

    >>> overlooked("vendor_id : AuthenticAMD\\nflags : sse avx avx2")
    False
    """
    fields = {}
    for line in cpuinfo.split("\n\n")[0].splitlines():
        name, _, value = line.partition(":")
        fields[name.strip()] = value.split()
    return fields.get("vendor_id") == ["AuthenticAMD"] and set(fields.get("flags", [])) >= NEEDED


def _cpuinfo() -> str:
    try:
        return CPUINFO.read_text()
    except OSError:  # not Linux
        return ""


load_numpy()
