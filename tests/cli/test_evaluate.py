import json
import shutil

from tests.cli.conftest import save_picture


def test_accuracy_and_confusion(minicnn, model, photographs):
    save_picture(photographs / "night" / "bright.png", 250)
    (photographs / "day" / "broken.png").write_bytes(b"hello")
    said = minicnn("evaluate", model, "photographs", "--batch-size", 5)
    assert said.code == 0
    lines = said.out.splitlines()
    assert [line.split() for line in lines[-5:-2]] == [
        ["is", "\\", "taken", "for", "night", "day", "right"],
        ["night", "6", "1", "85.7%"],
        ["day", "0", "6", "100.0%"],
    ]
    assert lines[-1] == "Accuracy: 92.3% of 13 pictures"
    assert "1 picture skipped" in said.out
    assert said.err == ""


def test_json(minicnn, model, photographs):
    document = json.loads(minicnn("evaluate", model, "photographs", "--json").out)
    assert document == {
        "model": model,
        "pictures": 12,
        "skipped": 0,
        "accuracy": 1.0,
        "classes": ["night", "day"],
        "confusion_matrix": [[6, 0], [0, 6]],
    }


def test_of_several_parts_validation_is_taken(minicnn, model, photographs, here):
    for part in ("train", "validation"):
        shutil.copytree(photographs, here / "parts" / part)
    save_picture(here / "parts" / "train" / "night" / "7.png", 30)
    assert "12 pictures from parts/validation" in minicnn("evaluate", model, "parts").out
    said = minicnn("evaluate", model, "parts", "--part", "train")
    assert "13 pictures from parts/train" in said.out


def test_a_flat_folder(minicnn, model, here):
    for i in range(3):
        save_picture(here / "flat" / f"night.{i}.png", 10)
        save_picture(here / "flat" / f"day.{i}.png", 250)
    assert "Accuracy: 100.0% of 6 pictures" in minicnn("evaluate", model, "flat").out


def test_a_class_that_the_model_does_not_know_is_said(minicnn, model, photographs):
    save_picture(photographs / "dusk" / "0.png", 100)
    said = minicnn("evaluate", model, "photographs")
    assert said.code == 0
    assert "1 other file passed over: dusk/" in said.out
    assert "of 12 pictures" in said.out


def test_pictures_named_after_other_classes_than_the_models(minicnn, model, here):
    """The model knows "night" and "day"; these names say "nights"."""
    for i in range(4):
        save_picture(here / "holdout" / "night" / f"nights.400{i}.png", 10)
        save_picture(here / "holdout" / "day" / f"days.400{i}.png", 250)
        save_picture(here / "flat" / f"nights.400{i}.png", 10)
    said = minicnn("evaluate", model, "holdout/night").err
    assert "expected pictures of the classes ['night', 'day'] in 'holdout/night'" in said
    assert "got 4 pictures ('nights.4000.png', 'nights.4001.png', 'nights.4002.png', …)" in said
    assert "by their names are of ['nights']; give the folder that holds the classes" in said
    assert "'holdout'" in said
    assert "such as 'cat.12.jpg'" not in said
    said = minicnn("evaluate", model, "flat").err
    assert "move them into folders called 'night', 'day', or name them so" in said
    save_picture(here / "one" / "night.1.png", 10)
    said = minicnn("evaluate", model, "one").err
    assert "got 1 picture ('night.1.png') that by" in said
    assert "add pictures of 'day'" in said
