"""examples/edges.py: filters by hand and filters that were found, on a pet or a photograph."""

import numpy as np
import pytest
from PIL import Image


def size(path):
    with Image.open(path) as picture:
        return picture.size


def test_by_hand_alone_and_above_those_found(run_example, saved_model, tmp_path):
    assert "Written: edges.png" in run_example("edges")
    run_example("edges", "--model", saved_model, "--out", "both.png")
    (width, height), both = size("edges.png"), size("both.png")
    # Inches become whole pixels, which matplotlib may round: by up to one in twice as many.
    assert both == (width, pytest.approx(2 * height, abs=1))


def test_a_photograph(run_example):
    photograph = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    Image.fromarray(photograph).save("photograph.png")
    run_example("edges", "--picture", "photograph.png", "--out", "photo.png")
    run_example("edges", "--out", "pet.png")
    with Image.open("photo.png") as photo, Image.open("pet.png") as pet:
        assert photo.size == pet.size
        assert (np.asarray(photo) != np.asarray(pet)).mean() > 0.2


def test_it_is_one_screen(lines_of_code):
    assert lines_of_code("edges") <= 75
