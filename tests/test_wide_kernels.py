"""OpenBLAS gets the kernels that suit the processor; the process is left as it was."""

import os
import subprocess
import sys

import numpy as np
import pytest

from minicnn.wide_kernels import CORETYPE, CPUINFO, NEEDED, overlooked

WIDE = "avx2 " + " ".join(NEEDED)
REPORT = (
    "import os, threadpoolctl;"
    "blas = [p for p in threadpoolctl.threadpool_info() if p['internal_api'] == 'openblas'];"
    "print(blas[0]['architecture'] if blas else 'none', os.environ.get('OPENBLAS_CORETYPE'))"
)


@pytest.mark.parametrize(
    ("vendor", "flags", "expected"),
    [
        ("AuthenticAMD", WIDE, True),
        ("AuthenticAMD", WIDE.replace("avx512vl", ""), False),
        ("GenuineIntel", WIDE, False),
    ],
)
def test_only_amd_with_all_of_avx512_is_overlooked(vendor, flags, expected):
    cpuinfo = (
        f"processor\t: 0\nvendor_id\t: {vendor}\nflags\t\t: fpu {flags} sse\n\nprocessor\t: 1\n"
    )
    assert overlooked(cpuinfo) == expected


def test_what_says_nothing_is_not_overlooked():
    assert not overlooked("")
    assert not overlooked("CPU implementer : 0x41")


def fresh(code, **environment):
    """What a new process says, with and without variables of its own."""
    inherited = {k: v for k, v in os.environ.items() if k != CORETYPE}
    answer = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True, env=inherited | environment,
    )  # fmt: skip
    return answer.stdout.split()


def test_the_environment_is_left_as_it_was():
    assert fresh(f"import minicnn; {REPORT}")[1] == "None"
    assert fresh(f"import minicnn; {REPORT}", OPENBLAS_CORETYPE="Haswell")[1] == "Haswell"


@pytest.mark.skipif(
    not CPUINFO.exists() or not overlooked(CPUINFO.read_text()), reason="needs a Zen 4 or 5"
)
def test_the_wide_kernels_are_chosen_unless_the_user_says_otherwise():
    untouched = fresh(f"import numpy; import minicnn; {REPORT}")[0]
    assert fresh(f"import minicnn; {REPORT}")[0] in ("SkylakeX", "none")
    assert fresh(f"import minicnn; {REPORT}", MINICNN_WIDE_KERNELS="0")[0] == untouched


def test_products_are_right_with_them():
    code = (
        "import minicnn, numpy as np; rng = np.random.default_rng(0);"
        "a, b = rng.standard_normal((70, 129)), rng.standard_normal((129, 33));"
        "exact = (a[:, :, None] * b).sum(axis=1);"
        "print(np.abs(a @ b - exact).max(),"
        "np.abs(a.astype('f') @ b.astype('f') - exact).max())"
    )
    double, single = map(float, fresh(code))
    assert double < 1e-12
    assert single < 1e-4
    assert np.isfinite([double, single]).all()
