"""examples/why_not_the_average_colour.py: three figures, and a line for each nuisance."""

from pathlib import Path

import minicnn as mc

NAME = "why_not_the_average_colour"
FIGURES = ["colour-clouds.png", "nuisances.png", "same-animals.png"]


def test_three_figures_and_a_line_for_each_nuisance(run_example):
    said = run_example(NAME, "--training", "8", "--pictures", "2", "--out", "why")
    assert sorted(path.name for path in Path("why").iterdir()) == FIGURES
    lines = [line for line in said.splitlines() if "average colour" in line]
    assert [line.split()[0] for line in lines] == list(mc.data.Knobs.names())
    assert said.count("Epoch 3/3") == 1  # on calm pictures
    assert said.count("Epoch 5/5") == 1  # on hard ones


def test_it_is_one_screen(lines_of_code):
    assert lines_of_code(NAME) <= 75
