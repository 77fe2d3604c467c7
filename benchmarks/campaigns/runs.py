"""Training runs in processes of their own, and the bytes that they leave."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.campaigns.campaign import DefectError

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ("final.safetensors", "history.json", "log.csv", "log.jsonl", "best.ckpt", "run.ckpt")
PATIENCE = 600  # seconds for a run that takes one


def start(folder: Path, *mischief: object) -> subprocess.Popen[str]:
    """A run in ``folder``, to which ``mischief`` happens."""
    command = [sys.executable, "-m", "benchmarks.campaigns.mischief", str(folder)]
    return subprocess.Popen(
        [*command, *map(str, mischief)],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit status, and what it said of its errors."""
    _, said = process.communicate(timeout=PATIENCE)
    return process.returncode, said


def results(folder: Path) -> dict[str, bytes]:
    """Every byte that a run left; a DefectError if there is more than it should leave, or less."""
    if left := sorted({path.name for path in folder.iterdir()} ^ set(RESULTS)):
        raise DefectError(f"left over, or missing, at the end: {', '.join(left)}")
    return {name: (folder / name).read_bytes() for name in RESULTS}


def finished(folder: Path) -> dict[str, bytes]:
    """What the run leaves when nothing happens to it any more."""
    status, said = end(start(folder))
    if status:
        raise DefectError(f"it cannot go on: {last_line(said)}")
    return results(folder)


def compare(got: dict[str, bytes], expected: dict[str, bytes]) -> None:
    """Equal to the last bit, or a DefectError."""
    if differ := [name for name in RESULTS if got[name] != expected[name]]:
        raise DefectError(f"other bits than in a run that was let be: {', '.join(differ)}")


def last_line(said: str) -> str:
    """The error itself, below its traceback."""
    return (said.strip().splitlines() or [""])[-1]
