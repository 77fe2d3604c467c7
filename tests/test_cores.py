"""How many cores this process may use: its affinity, and a container's quota."""

import os

import numpy as np
import pytest

import minicnn as mc
from minicnn.cores import available_cores
from minicnn.data.pictures import Pictures


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, None),
        ({"cpu.max": "max 100000\n"}, None),
        ({"cpu.max": "100000 100000\n"}, 1),
        ({"cpu.max": "50000 100000\n"}, 1),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ({"cpu/cpu.cfs_quota_us": "100000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1),
        ({"cpu.max": "garbage"}, None),
    ],
)
def test_a_containers_quota_counts(tmp_path, files, cores):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    unlimited = available_cores(tmp_path / "nothing here")
    assert available_cores(tmp_path) == (cores or unlimited)


def test_a_quota_is_read_again_after_a_while(tmp_path, monkeypatch):
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    unlimited = available_cores(tmp_path / "nothing here")
    assert available_cores(tmp_path) == 1
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert available_cores(tmp_path) == 1
    monkeypatch.setattr("minicnn.cores.SECONDS", -1.0)
    assert available_cores(tmp_path) == unlimited


def test_who_asks_is_told_the_quota(tmp_path, monkeypatch):
    """Threads of the engine and of the data, and processes that draw, ask the same function."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    monkeypatch.setattr("minicnn.cores.CGROUP", tmp_path)
    monkeypatch.delenv("MINICNN_THREADS", raising=False)
    (tmp_path / "cpu.max").write_text("300000 100000\n")
    assert mc.get_threads() == 3
    x, y = np.zeros((2, 4, 4, 3), np.uint8), np.array([0, 1])
    assert Pictures(x, y).threads == 3

    elsewhere = []
    monkeypatch.setattr("minicnn.data.pets.generate.WORTH_A_PROCESS", 1)
    monkeypatch.setattr(
        "minicnn.data.pets.generate._drawn_elsewhere", lambda *share: elsewhere.append(share)
    )
    mc.data.drawn_pets(8, image_size=(16, 16))
    assert len(elsewhere) == 2
