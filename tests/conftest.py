"""How hard hypothesis tries (HYPOTHESIS_PROFILE=dev, the default, ci, brief, anew, or thorough),
on how many cores (``-n auto``), and what is said of tests that were left out."""

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

from minicnn.cores import available_cores
from tests.devices import GPU, STAND_IN, cupy_called
from tests.left_out import pytest_sessionfinish  # noqa: F401  a hook

# The same examples in every run, so that red means that a change has broken something. To meet
# new ones: `make test-thorough`, and `make test-flakes`, which chooses a seed for each run.
SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large]
PROFILES = {
    "dev": {"max_examples": 25, "derandomize": True},
    "ci": {"max_examples": 50, "derandomize": True},
    "brief": {"max_examples": 10, "derandomize": True},  # what has been tried here, elsewhere
    "anew": {"max_examples": 25, "derandomize": False, "database": None},
    "thorough": {"max_examples": 500, "derandomize": False},
}
for name, profile in PROFILES.items():
    settings.register_profile(
        name, deadline=None, print_blob=True, suppress_health_check=SLOW_IS_FINE, **profile
    )
# A shell that starts us in the background (`make test &`) has Ctrl-C ignored, by us and by every
# process that we start; what Ctrl-C does is tested, so it is put back.
signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ["TERM"] = "xterm"  # a service has none that can draw; what is drawn is tested
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "dev")
settings.load_profile(PROFILE)


@pytest.hookimpl(optionalhook=True, tryfirst=True)  # pytest-xdist asks, if it is there
def pytest_xdist_auto_num_workers():
    """``-n auto``: a worker for each core, and none at all if there is but one.

    Sixteen are enough: each of them imports and collects everything before it begins.
    """
    cores = available_cores()
    return min(cores, 16) if cores > 1 else 0


@pytest.fixture(scope="module", params=[STAND_IN, GPU])
def cupy_ops(request):
    """The operations of the CuPy backend, which is in use while the test runs."""
    with cupy_called(request.param) as ops:
        yield ops
