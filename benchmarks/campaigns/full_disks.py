"""Disks that run full while a network trains: a clear error, nothing lost, and it can go on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from random import Random

import minicnn as mc
from benchmarks.campaigns.campaign import Campaign, DefectError
from benchmarks.campaigns.runs import RESULTS, compare, end, finished, last_line, start


class FullDisks(Campaign):
    """Where root may mount, a small file system in memory; else what the system offers."""

    name = "disks"
    promise = "a full disk is one clear error, nothing is lost, the run can go on"
    small = 6

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.begun, whole = folder / "begun", folder / "let be"
        for place in (whole, self.begun):
            place.mkdir()
        self.expected = finished(whole)
        end(start(self.begun, "killed", 150))  # the files of a user who goes on with a run
        self.needed = sum(map(len, self.expected.values()))
        self.ways = ["injected", *(["limited"] if find_spec("resource") else [])]
        if can_mount(folder):
            self.ways += ["tmpfs", "tmpfs"]

    def case(self, random: Random, folder: Path) -> str:
        way = random.choice(self.ways)
        if way != "tmpfs":
            self._begin(folder, random)
            mischief = ["full"] if way == "injected" else ["limit"]
            mischief += [random.randint(1, 500), random.choice((0, random.randrange(30_000)))]
            said = self._disturbed(folder, *mischief)
        else:
            room = random.uniform(0.6, 1.4) * self.needed
            with small_disk(folder, room) as enlarge:
                try:
                    self._begin(folder, random)
                except OSError:
                    return "too small from the start"
                said = self._disturbed(folder)
                enlarge()
                compare(finished(folder), self.expected)
            return f"{said} ({way})"
        compare(finished(folder), self.expected)
        return f"{said} ({way})"

    def _begin(self, folder: Path, random: Random) -> None:
        if random.random() < 0.5:
            shutil.copytree(self.begun, folder, dirs_exist_ok=True)

    def _disturbed(self, folder: Path, *mischief: object) -> str:
        before = {path.name for path in folder.iterdir()} & set(RESULTS)
        status, said = end(start(folder, *mischief))
        error = last_line(said)
        over = "history.json" in said  # written by the run's own script, after the training
        if status not in (0, 1) or (
            status == 1 and not over and not error.startswith("minicnn.errors.SavingError: ")
        ):
            raise DefectError(f"not a clear error but exit status {status}, {error!r}")
        if lost := before - {path.name for path in folder.iterdir()}:
            raise DefectError(f"lost: {', '.join(sorted(lost))}")
        for path in folder.iterdir():
            if path.suffix in (".ckpt", ".safetensors"):
                mc.load_model(path)
            elif path.suffix in (".part", ".keep"):
                raise DefectError(f"left behind: {path.name}")
        return "went on" if status == 0 else "stopped clearly"


def can_mount(folder: Path) -> bool:
    """Whether a file system can be mounted here."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    try:
        place = folder / "tried"
        place.mkdir()
        with small_disk(place, 100_000):
            return os.path.ismount(place)
    except (OSError, subprocess.CalledProcessError):
        return False


@contextmanager
def small_disk(folder: Path, room: float) -> Iterator[object]:
    """``folder`` is a file system of its own with ``room`` bytes; yields what makes it large."""
    options = f"size={int(room) // 1024}k"
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    subprocess.run(mount, check=True, capture_output=True)
    try:
        yield lambda: subprocess.run(
            ["mount", "-o", "remount,size=64m", str(folder)], check=True, capture_output=True
        )
    finally:
        subprocess.run(["umount", str(folder)], check=True, capture_output=True)
