"""examples/invariance.py: a table and a figure of how far answers move."""

from pathlib import Path

NUISANCES = ["shift", "scale", "rotation", "light", "occlusion"]


def test_a_saved_network(run_example, saved_model):
    said = run_example("invariance", "--model", saved_model, "--pictures", "3", "--out", "i.png")
    assert "Of 3 answers stay:" in said
    table = [line for line in said.splitlines() if "(" in line]
    assert [line.split()[0] for line in table] == NUISANCES
    assert all(" 0: 100%" in line or " 1: 100%" in line for line in table)  # none of it
    assert Path("i.png").stat().st_size > 10_000


def test_one_is_trained_if_there_is_none(run_example):
    assert "Epoch 5/5" in run_example("invariance", "--training", "8", "--pictures", "1")
    assert Path("invariance.png").exists()


def test_it_is_one_screen(lines_of_code):
    assert lines_of_code("invariance") <= 50
