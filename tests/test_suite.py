"""The suite about itself: what it leaves out, on how many cores it runs, how flakes are hunted."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import conftest, flakes, shuffle
from tests.effort import examples
from tests.left_out import because, in_one_line, needs

ROOT = Path(__file__).parents[1]
NEEDY = """
import pytest
from tests.effort import examples
from tests.left_out import because, needs

def test_passes():
    pass

@needs(None, "of kernels", "no g++: get one")
@pytest.mark.parametrize("i", range(3))
def test_kernel(i):
    pass

@needs("g++", "of nothing", "it is there")
def test_what_is_there():
    pass

def test_found_out_late():
    pytest.skip(because("of terminals", "none here"))

@pytest.mark.skip(reason="no fork here")
def test_fork():
    pass
"""
LAST_WORDS = (
    "left out: 3 tests of kernels (no g++: get one); 1 test (no fork here);"
    " 1 test of terminals (none here)"
)


@pytest.fixture
def run_pytest(tmp_path):
    """``run_pytest(text, ...)``: what pytest says of a file with this text, outside the project."""

    def run(text, *options, **how):
        pytest.importorskip(
            "xdist", reason=because("of the suite", "no pytest-xdist: pip install pytest-xdist")
        )
        file = tmp_path / "test_it.py"
        file.write_text(text)
        command = [sys.executable, "-m", "pytest", "-q", *options, file]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, **how)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize("options", [(), ("-n", "2", "--dist", "worksteal")], ids=["one", "two"])
def test_the_last_line_says_what_was_left_out(run_pytest, options):
    assert run_pytest(NEEDY, "-p", "tests.left_out", *options).splitlines()[-1] == LAST_WORDS


def test_where_nothing_is_left_out_there_is_no_such_line():
    assert in_one_line([]) == ""


@given(st.lists(st.sampled_from(["no fork", "tests of a (b)", "tests of b (c)"])), st.randoms())
def test_the_order_in_which_workers_report_changes_nothing(reasons, random):
    said = in_one_line(reasons)
    random.shuffle(reasons)
    assert in_one_line(reasons) == said


@pytest.mark.parametrize(("cores", "workers"), [(1, 0), (2, 2), (7, 7), (64, 16)])
def test_a_worker_for_each_core_that_may_be_used(monkeypatch, cores, workers):
    monkeypatch.setattr(conftest, "available_cores", lambda: cores)
    assert conftest.pytest_xdist_auto_num_workers() == workers


@needs(hasattr(os, "sched_setaffinity"), "of bound processes", "no sched_setaffinity: Linux has it")
def test_bound_to_one_core_pytest_works_alone(run_pytest):
    alone = "import os\ndef test_it():\n    assert 'PYTEST_XDIST_WORKER' not in os.environ\n"
    one = {min(os.sched_getaffinity(0))}
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_XDIST")}
    bound = {"preexec_fn": lambda: os.sched_setaffinity(0, one), "env": environment}
    assert "1 passed" in run_pytest(alone, "-p", "tests.conftest", "-n", "auto", **bound)


@pytest.mark.parametrize("profile", conftest.PROFILES)
def test_each_profile_tries_as_hard_where_a_test_has_a_number_of_its_own(profile):
    usual, fine = settings.get_profile(profile), HealthCheck.function_scoped_fixture
    settings.load_profile(profile)
    try:
        its_own = examples(50, also_fine=[fine])
    finally:
        settings.load_profile(conftest.PROFILE)
    assert its_own.max_examples == 2 * usual.max_examples
    assert its_own.derandomize == usual.derandomize
    assert set(its_own.suppress_health_check) == {*usual.suppress_health_check, fine}


FILES = st.lists(st.integers(1, 5), min_size=1, max_size=6)


@given(FILES, st.integers(0, 2**32))
def test_another_order_has_the_same_tests_and_keeps_files_together(sizes, seed):
    tests = [SimpleNamespace(path=file, i=i) for file, n in enumerate(sizes) for i in range(n)]
    orders = []
    for _ in range(2):
        items = list(tests)
        shuffle.pytest_collection_modifyitems(SimpleNamespace(getoption=lambda _: seed), items)
        orders.append([(item.path, item.i) for item in items])
    assert orders[0] == orders[1], "every worker must come to the same order"
    assert Counter(orders[0]) == Counter((item.path, item.i) for item in tests)
    changes = sum(a != b for (a, _), (b, _) in zip(orders[0], orders[0][1:], strict=False))
    assert changes == len(sizes) - 1


def test_another_seed_is_another_order():
    orders = set()
    for seed in range(5):
        items = [SimpleNamespace(path=i // 4, i=i) for i in range(12)]
        shuffle.pytest_collection_modifyitems(SimpleNamespace(getoption=lambda _: seed), items)  # noqa: B023
        orders.add(tuple(item.i for item in items))
    assert len(orders) == 5


FLAKY = """
def test_fails_now_and_then(request):
    assert request.config.getoption("shuffle") != 2

def test_fine():
    pass
"""


def test_the_hunt_finds_what_fails_now_and_then(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "1")
    file = tmp_path / "test_flaky.py"
    file.write_text(FLAKY)
    found = flakes.hunt(range(1, 3), busy=0, tests=[str(file)], folder=tmp_path / "logs")
    assert list(found.values()) == [[2]]
    (name,) = found
    assert name.endswith("test_flaky.py::test_fails_now_and_then")
    assert "seed 1: all passed" in capsys.readouterr().out
    assert "1 failed, 1 passed" in (tmp_path / "logs" / "seed-2.txt").read_text(encoding="utf-8")


def test_a_busy_machine_is_busy_for_as_long_as_it_is_asked(monkeypatch):
    started = []
    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a: started.append(real(*a)) or started[-1])
    with flakes.a_busy_machine(2):
        assert [process.poll() for process in started] == [None, None]
    assert all(process.poll() is not None for process in started)


def test_a_run_that_cannot_begin_is_told_too(tmp_path, monkeypatch):
    monkeypatch.setattr(flakes, "run", lambda *_: (4, "no module named so"))
    (what,) = flakes.hunt(range(1, 2), busy=0, tests=[], folder=tmp_path)
    assert "the run itself (exit status 4" in what
