"""What runs the tests elsewhere: which kernels, which Pythons, which packages, and the table."""

import os
import sys
from dataclasses import replace
from functools import partial

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.machines import floors, kernels, matrix, processors, pythons
from tests.machines.kernels import Arithmetic, arithmetic
from tests.machines.runs import ROOT, Outcome, Run, report, run_all, summary, table

OWN = Arithmetic("SkylakeX", ("X86_V3",))


def pretend(monkeypatch, found):
    """As if NumPy under these kernels computed with those; None: it is killed."""

    def answer(**env):
        return found[env["OPENBLAS_CORETYPE"]] if "OPENBLAS_CORETYPE" in env else OWN

    monkeypatch.setattr(kernels, "arithmetic", answer)
    monkeypatch.setattr(kernels, "NAMES", {kernels.platform.machine().lower(): list(found)})


def test_each_kernels_are_run_once_and_what_is_missing_is_named(monkeypatch):
    other = Arithmetic("Haswell", ())
    pretend(
        monkeypatch,
        {
            "Haswell": other,
            "Zen": other,
            "SkylakeX": OWN,
            "Unknown": OWN,  # OpenBLAS does not say so: it takes what it would have taken anyway
            "SapphireRapids": None,
        },
    )
    found, left_out = kernels.kernels()
    assert found == {"Haswell": "Haswell", "SkylakeX": "SkylakeX"}
    assert [line.split(":")[0] for line in left_out] == ["Zen", "Unknown", "SapphireRapids"]


def test_another_blas_has_none_of_these_kernels(monkeypatch):
    monkeypatch.setattr(kernels, "arithmetic", lambda **env: Arithmetic(None, ()))
    found, (why,) = kernels.kernels()
    assert not found
    assert "another BLAS" in why


def test_numpys_fast_loops_can_be_taken_away():
    own = arithmetic()
    assert own is not None
    if not own.features:
        pytest.skip("NumPy has no faster loops here that could be taken away")
    left = arithmetic(**kernels.without_simd())
    assert left is not None
    assert left.features == ()


def test_every_room_of_the_short_run_is_there():
    for room in processors.SUMS:
        assert (ROOT / room).exists(), room


def runs_of(*names):
    return [Run(name, f"with {name}", sys.executable, env={name: "1"}) for name in names]


def test_the_short_run_has_two_more_kernels_and_none_of_the_fast_loops():
    short, left_out = processors.shortened(
        runs_of("Haswell", "Prescott", "Sandybridge", "Nehalem", "no-simd")
    )
    assert [run.name for run in short] == ["Haswell", "Prescott-no-simd"]
    assert short[1].env.keys() == {"Prescott", "no-simd", "HYPOTHESIS_PROFILE"}
    assert all(run.tests == processors.SUMS for run in short)
    assert [line.split(":")[0] for line in left_out] == ["Sandybridge", "Nehalem"]


@pytest.mark.parametrize("names", [["no-simd"], ["Haswell"], ["Haswell", "no-simd"], []])
def test_the_short_run_takes_what_there_is(names):
    short, left_out = processors.shortened(runs_of(*names))
    assert {name for run in short for name in run.env} - {"HYPOTHESIS_PROFILE"} == set(names)
    assert not left_out


def test_the_short_run_leaves_out_what_make_test_computes_with(monkeypatch):
    monkeypatch.setattr(processors, "arithmetic", lambda **env: OWN)
    monkeypatch.setattr(processors, "kernels", lambda: ({"Here": "SkylakeX", "B": "Haswell"}, []))
    monkeypatch.setattr(processors, "without_simd", dict)
    short, left_out = processors.runs(quick=True)
    assert [run.name for run in short] == ["B"]
    assert [line.split(":")[0] for line in left_out] == ["no-simd", "Here"]
    whole, _ = processors.runs(quick=False)
    assert [(run.name, run.tests) for run in whole] == [("Here", ()), ("B", ())]


THREE = [pythons.Python((3, minor, 1), False, f"/3.{minor}") for minor in (11, 12, 13)]


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ((3, 11), ["3.11-oldest", "3.12-newest", "3.13-newest"]),
        ((3, 13), ["3.11-oldest", "3.12-newest"]),
    ],
)
def test_the_short_run_has_each_python_once(own, expected):
    short = matrix.shortened(THREE, own)
    assert [matrix.run_in(python, old, []).name for python, old in short] == expected
    assert matrix.shortened(THREE[:1], own) == [(THREE[0], True)]


def test_this_python_is_found_once(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", os.path.dirname(sys.executable))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    found = pythons.pythons((3, 11))
    assert [python.version for python in found] == [sys.version_info[:3]]
    assert not pythons.pythons((sys.version_info[0], sys.version_info[1] + 1))


def test_what_is_no_python_is_none(tmp_path):
    broken = tmp_path / "python3"
    broken.write_text("#!/bin/sh\necho none here >&2\nexit 127\n")
    broken.chmod(0o755)
    assert pythons._ask(str(broken)) is None
    assert pythons._ask(str(tmp_path / "missing")) is None


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("numpy>=2.0", "2.1.0"),
        ("numpy>=2.1.1", "2.2.0"),
        ("numpy", "1.26.4"),
        ("numpy>=2.2,!=2.2.0", "2.3.1"),
    ],
)
def test_the_oldest_is_the_lowest_that_has_a_wheel(requirement, expected):
    with_wheels = ["2.3.1", "2.2.0", "2.2.0rc1", "2.1.0", "1.26.4"]
    assert floors.oldest(Requirement(requirement), with_wheels) == Version(expected)


def test_a_floor_that_no_wheel_reaches_is_told():
    with pytest.raises(LookupError, match=r"numpy>=3: no version has a wheel"):
        floors.oldest(Requirement("numpy>=3"), ["2.3.1"])


def test_every_requirement_has_a_floor():
    for requirement in floors.requirements("dev"):
        assert [s.operator for s in requirement.specifier] == [">="], requirement


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "..F\n== 1 failed, 2 passed in 1.50s ==\nleft out: 1 test (no fork here)\n",
            "1 failed, 2 passed in 1.50s",
        ),
        ("5 skipped in 61.02s (0:01:01)", "5 skipped in 61.02s (0:01:01)"),
        ("Segmentation fault\n", ""),
        ("", ""),
    ],
)
def test_what_pytest_counted_is_found_wherever_it_stands(text, said):
    assert summary(text) == said


def run_of(name, text, tmp_path):
    file = tmp_path / f"test_{name}.py"
    file.write_text(text)
    return Run(name, "a test", sys.executable, [str(file), "--rootdir", str(tmp_path)])


def test_a_red_run_is_shown_and_makes_the_whole_red(tmp_path, capsys):
    good = run_of("good", "def test_it():\n    pass\n", tmp_path)
    bad = run_of("bad", "def test_it():\n    assert 'apples' == 'pears'\n", tmp_path)
    never = Run("never", "a test", sys.executable, prepare=lambda: "no such wheel")
    assert report(run_all([good], tmp_path / "logs", workers="0"), [], tmp_path / "logs") == 0
    assert report(run_all([], tmp_path), [], tmp_path / "logs") == 1, "nothing was run"
    outcomes = run_all([good, bad, never], tmp_path / "logs", workers="0")
    assert [outcome.green for outcome in outcomes] == [True, False, False]
    assert report(outcomes, ["Python 3.14: none found here"], tmp_path / "logs") == 1
    shown = capsys.readouterr().out
    for text in ("'apples' == 'pears'", "no such wheel", "left out: Python 3.14", "1 passed in"):
        assert text in shown


def test_who_stops_a_run_waits_for_no_installation_but_the_next(tmp_path):
    prepared = []
    runs = [
        Run(name, "a test", str(tmp_path / "missing"), prepare=partial(prepared.append, name))
        for name in ("first", "second", "third")
    ]
    with pytest.raises(FileNotFoundError):
        run_all(runs, tmp_path)
    assert prepared == ["first", "second"]


def test_the_environment_of_a_run_reaches_its_tests(tmp_path):
    text = "import os\ndef test_it():\n    assert os.environ['COLOUR'] == 'red'\n"
    run = run_of("colour", text, tmp_path)
    red = replace(run, name="red", env={"COLOUR": "red"})
    assert [o.green for o in run_all([run, red], tmp_path, workers="0")] == [False, True]


def test_a_table_has_a_row_for_each_run():
    run = Run("3.13-oldest", "Python 3.13.0, oldest packages", sys.executable)
    head, rule, row = table([Outcome(run, True, "4358 passed in 1.00s", 1.2)]).splitlines()
    assert len(head) == len(rule) == len(row)
    assert row.split(" | ")[2].strip() == "green"


def test_what_cannot_be_installed_is_told(tmp_path):
    nobody = pythons.Python((3, 11, 0), False, str(tmp_path / "missing"))
    assert "missing" in matrix.prepare(nobody, tmp_path / "venv", old=True)
