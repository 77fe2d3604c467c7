"""How hard hypothesis tries (HYPOTHESIS_PROFILE=dev, the default, ci, or thorough), and on what."""

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

from tests.devices import GPU, STAND_IN, cupy_called

slow_is_fine = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("dev", max_examples=25, deadline=None, suppress_health_check=slow_is_fine)
settings.register_profile(
    "ci",
    max_examples=50,
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=slow_is_fine,
)
settings.register_profile(
    "thorough", max_examples=500, deadline=None, suppress_health_check=slow_is_fine
)
# A shell that starts us in the background (`make test &`) has Ctrl-C ignored, by us and by every
# process that we start; what Ctrl-C does is tested, so it is put back.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(scope="module", params=[STAND_IN, GPU])
def cupy_ops(request):
    """The operations of the CuPy backend, which is in use while the test runs."""
    with cupy_called(request.param) as ops:
        yield ops
