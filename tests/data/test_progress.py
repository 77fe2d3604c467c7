"""The bar while data is read: rich's where rich can draw, a plain line where it cannot."""

from __future__ import annotations

import re
import sys

import pytest

from minicnn.data import progress
from minicnn.data.progress import progress_bar
from tests.narrow import no_more_threads


@pytest.mark.parametrize(("total", "of"), [(3000, " of 3,000"), (None, "")])
@pytest.mark.parametrize("in_bytes", [False, True])
def test_a_plain_line_without_threads(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    total: int | None,
    of: str,
    in_bytes: bool,
) -> None:
    monkeypatch.setattr(progress, "BETWEEN_UPDATES", 0.0)
    with no_more_threads(), progress_bar(total, "reading", show=True, in_bytes=in_bytes) as step:
        step(1000)
        step(500)
    out, err = capsys.readouterr()
    unit = " bytes" if in_bytes else ""
    assert not out
    lines = err.split("\r")
    assert lines[:3] == ["", f"reading: 1,000{of}{unit}", f"reading: 1,500{of}{unit}"]
    assert re.fullmatch(" +", lines[3])
    assert lines[4:] == [""]  # wiped away


def test_a_plain_line_without_rich_is_not_written_all_the_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "BETWEEN_UPDATES", 1e9)
    monkeypatch.setitem(sys.modules, "rich", None)  # an import of it fails
    with progress_bar(9, "reading", show=True) as step:
        for _ in range(9):
            step(1)
    assert capsys.readouterr().err == "\rreading: 1 of 9\r" + " " * 15 + "\r"
