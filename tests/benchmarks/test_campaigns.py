"""Campaigns pass here, repeat themselves, and find what is planted for them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

import minicnn as mc
from benchmarks.campaigns import full_disks, kills, runs
from benchmarks.campaigns.__main__ import CAMPAIGNS, main
from benchmarks.campaigns.campaign import Campaign, DefectError, run
from benchmarks.campaigns.damage import KINDS, damaged
from benchmarks.campaigns.full_disks import FullDisks
from benchmarks.campaigns.kills import Kills
from benchmarks.campaigns.mutated_files import MutatedFiles
from benchmarks.campaigns.mutated_pictures import MutatedPictures
from benchmarks.campaigns.random_networks import RandomNetworks
from benchmarks.campaigns.resealed_files import ResealedFiles
from benchmarks.campaigns.runs import RESULTS
from minicnn.engine import Engine
from minicnn.saving import sealed

FEW = {"files": 60, "resealed": 40, "pictures": 60, "networks": 1}


class Dice(Campaign):
    """Something to number: every case draws, some fail."""

    name, promise, small = "dice", "no six", 10

    def case(self, random: Random, folder: Path) -> str:
        number = random.randint(1, 6)
        if number == 6:
            raise DefectError("a six")
        if number == 5:
            raise KeyError("five")
        return f"a {number}"


def test_a_case_is_its_seed_and_its_number() -> None:
    all_of_them = run(Dice, 40, seed=3)
    assert all_of_them.defects
    again = run(Dice, 1, seed=3, first=min(all_of_them.defects))
    assert again.defects.items() <= all_of_them.defects.items()
    assert run(Dice, 40, seed=4).defects != all_of_them.defects


def test_the_outcome_is_one_line_and_says_how_to_repeat_a_defect() -> None:
    good = str(
        run(Dice, 1, seed=0, first=next(n for n in range(9) if not run(Dice, 1, first=n).defects))
    )
    assert re.fullmatch(r"dice: 1 of 1 right \(no six\): 1 a \d; \d+ s", good)
    bad = run(Dice, 40, seed=3)
    first = next(iter(bad.defects))
    assert f"again: python -m benchmarks.campaigns dice --seed 3 --first {first} --count 1" in str(
        bad
    )
    assert {"a six", "raw KeyError: 'five'"} == {
        what.split(" (")[0] for what in bad.defects.values()
    }


@pytest.mark.parametrize("name", FEW)
def test_a_few_cases_pass(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--count", str(FEW[name]), "--seed", "1"]) == 0
    assert capsys.readouterr().out.startswith(f"{name}: {FEW[name]} of {FEW[name]} right (")


def test_a_name_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["kill"])
    assert f"expected of {', '.join(CAMPAIGNS)}, got kill" in capsys.readouterr().err


@pytest.mark.parametrize("kind", KINDS)
def test_damage_damages(kind: object) -> None:
    content = bytes(range(256)) * 20
    assert sum(kind(content, Random(i)) != content for i in range(40)) > 30


def test_damage_can_be_done_to_anything() -> None:
    for i in range(300):
        assert isinstance(damaged(b"", Random(i)), bytes)
        assert isinstance(damaged(b"7", Random(i)), bytes)


# ---- what is planted is found -----------------------------------------------------------------


def test_numbers_that_nobody_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "_digest", lambda document, arrays: "all is well")
    found = run(MutatedFiles, 150).defects.values()
    assert any("wrong weights" in what for what in found)


def test_nonsense_that_nobody_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minicnn.saving.model_file._or_one_error", lambda path, make: make())
    found = run(ResealedFiles, 40).defects.values()
    assert any(what.startswith("raw ") for what in found)


def test_errors_that_come_through_raw(monkeypatch: pytest.MonkeyPatch) -> None:
    real = mc.data.read_picture

    def careless(*arguments: object) -> object:
        try:
            return real(*arguments)
        except mc.data.PictureError as error:
            raise ValueError("as Pillow says it") from error

    monkeypatch.setattr(mc.data, "read_picture", careless)
    found = run(MutatedPictures, 30).defects.values()
    assert any(what.startswith("raw ValueError: as Pillow says it") for what in found)


def test_memory_that_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    grown = iter(range(0, 10**18, 10**9))
    monkeypatch.setattr("benchmarks.campaigns.mutated_pictures.peak_memory", lambda: next(grown))
    assert all("MiB for a file of" in what for what in run(MutatedPictures, 3).defects.values())


def test_an_engine_that_is_a_little_off(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Engine.infer
    monkeypatch.setattr(Engine, "infer", lambda engine, x: real(engine, x) * (1 + 1e-9))
    found = run(RandomNetworks, 4).defects.values()
    assert any(what.startswith("asked for answers: ") for what in found)


@cache
def a_model() -> bytes:
    with TemporaryDirectory() as folder:
        mc.Sequential([mc.Dense(1)], input_shape=(1,)).save(Path(folder, "model"))
        return Path(folder, "model").read_bytes()


class FakeRun:
    """A run that takes no time, and what goes wrong with it."""

    wrong = ""

    def __init__(self, folder: Path, *mischief: object) -> None:
        self.returncode, self.said = 0, ""
        begun = (folder / "run.ckpt").exists()
        for name in RESULTS:
            (folder / name).write_bytes(a_model())
        if mischief:
            self.returncode, self.said = 1, "minicnn.errors.SavingError: the disk is full"
            if self.wrong == "a torn file":
                (folder / "best.ckpt").write_bytes(b"half")
            if self.wrong == "a raw error":
                self.said = "OSError: no room"
            if begun and self.wrong == "a lost file":
                (folder / "run.ckpt").unlink()
        elif begun and self.wrong == "other bits":
            (folder / "log.csv").write_bytes(b"1,2,3")
        if begun and self.wrong == "litter":
            (folder / ".run.ckpt.77.part").write_bytes(b"half")

    def communicate(self, timeout: float) -> tuple[str, str]:
        return "", self.said

    def kill(self) -> None:
        self.returncode = -9


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeRun]:
    for module in (runs, kills, full_disks):
        monkeypatch.setattr(module, "start", FakeRun)
    monkeypatch.setattr(full_disks, "can_mount", lambda folder: False)
    monkeypatch.setattr(FakeRun, "wrong", "")
    return FakeRun


@pytest.mark.parametrize("kind", [Kills, FullDisks])
def test_a_run_that_keeps_its_promises(fake: type[FakeRun], kind: type[Campaign]) -> None:
    assert run(kind, 12).defects == {}


@pytest.mark.parametrize(
    ("kind", "wrong", "said"),
    [
        (Kills, "other bits", "other bits than in a run that was let be: log.csv"),
        (Kills, "litter", "left over, or missing, at the end: .run.ckpt.77.part"),
        (FullDisks, "other bits", "other bits than in a run that was let be: log.csv"),
        (FullDisks, "litter", "left behind: .run.ckpt.77.part"),
        (FullDisks, "a torn file", "best.ckpt: expected a file saved by minicnn"),
        (FullDisks, "a raw error", "not a clear error but exit status 1, 'OSError: no room'"),
        (FullDisks, "a lost file", "lost: run.ckpt"),
    ],
)
def test_a_run_that_breaks_one(
    fake: type[FakeRun],
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Campaign],
    wrong: str,
    said: str,
) -> None:
    monkeypatch.setattr(fake, "wrong", wrong)
    assert any(said in what for what in run(kind, 12).defects.values())
