import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import minicnn as mc
from minicnn.data import read_picture
from minicnn.saving import ModelFile
from tests.cli.conftest import save_picture
from tests.systems import write


def test_a_picture_gets_its_class(minicnn, model, photographs):
    said = minicnn("predict", model, "photographs/day/0.png")
    assert said.code == 0
    head, line = said.out.splitlines()
    assert head.split() == ["file", "class", "probability"]
    assert line.split() == ["photographs/day/0.png", "day", "100.0%"]
    assert said.err == ""


def test_the_probability_is_the_model_s_own(minicnn, model, here):
    save_picture(here / "grey.png", 130)
    said = minicnn("predict", model, "grey.png", "--json")
    (tag,) = json.loads(said.out)["pictures"]
    x = read_picture("grey.png", (8, 10))[None]
    expected = float(mc.load_model(model).predict(x)[0, 0])
    assert 0.05 < expected < 0.95  # not clear-cut, so that a wrong scale would show
    assert tag["probabilities"]["day"] == pytest.approx(expected, abs=1e-6)
    assert tag["probabilities"]["night"] == pytest.approx(1 - expected, abs=1e-6)
    assert tag["probability"] == max(tag["probabilities"].values())


def test_another_pixel_scale_is_kept_to(minicnn, model, here):
    save_picture(here / "grey.png", 130)
    usual = json.loads(minicnn("predict", model, "grey.png", "--json").out)["pictures"]
    raw = mc.load_model(model)
    W, b = raw.get_weights()
    raw.set_weights([W / 255, b])
    raw.preprocessing = {"image_size": [8, 10], "channels": 3, "pixel_scale": 1.0}
    raw.save("raw.safetensors")
    same = json.loads(minicnn("predict", "raw.safetensors", "grey.png", "--json").out)["pictures"]
    assert same[0]["probability"] == pytest.approx(usual[0]["probability"], abs=1e-4)


def test_the_mean_over_a_picture_and_its_mirror_image(minicnn, here):
    model = mc.Sequential(
        [mc.Flatten(), mc.Dense(1, activation="sigmoid")], input_shape=(8, 10, 3), seed=3
    )
    pixels = np.random.default_rng(0).integers(0, 256, (8, 10, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(here / "noise.png")
    once = model.predict(np.stack([pixels, pixels[:, ::-1]]))
    assert abs(once[0] - once[1]) > 0.01
    for mirrored, expected in ((False, once[0, 0]), (True, once.mean())):
        model.preprocessing = {"pixel_scale": 1 / 255, "average_mirrored": mirrored}
        model.save("m.safetensors")
        said = json.loads(minicnn("predict", "m.safetensors", "noise.png", "--json").out)
        told = said["pictures"][0]["probabilities"]["class 1"]
        assert told == pytest.approx(float(expected), abs=1e-5)


def test_the_mean_over_five_crops_and_their_mirror_images(minicnn, here):
    model = mc.Sequential(
        [mc.Flatten(), mc.Dense(1, activation="sigmoid")], input_shape=(8, 10, 3), seed=3
    )
    pixels = np.random.default_rng(0).integers(0, 256, (11, 14, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(here / "noise.png")
    corners = [(0, 0), (0, 4), (3, 0), (3, 4), (1, 2)]
    crops = np.stack([pixels[top : top + 8, left : left + 10] for top, left in corners])
    for mirrored in (False, True):
        asked = np.concatenate([crops, crops[:, :, ::-1]]) if mirrored else crops
        model.preprocessing = {"five_crops_of": [11, 14], "average_mirrored": mirrored}
        model.save("m.safetensors")
        said = json.loads(minicnn("predict", "m.safetensors", "noise.png", "--json").out)
        told = said["pictures"][0]["probabilities"]["class 1"]
        assert told == pytest.approx(float(model.predict(asked).mean()), abs=1e-5)


@pytest.mark.parametrize("size", [[7, 10], [8, 41], [8], "big", [8.0, 10], [True, 10], 12])
def test_crops_of_a_size_that_cannot_be(minicnn, here, size):
    model = mc.Sequential([mc.Flatten(), mc.Dense(1, activation="sigmoid")], input_shape=(8, 10, 3))
    ModelFile.of(model, None, {"five_crops_of": size}).write("m.safetensors")
    save_picture(here / "grey.png", 130)
    said = minicnn("predict", "m.safetensors", "grey.png")
    assert said.code != 0
    assert "expected five_crops_of to be a height and a width" in said.err


def test_a_folder_stands_for_its_pictures(minicnn, model, photographs):
    (photographs / "day" / "deep").mkdir()
    save_picture(photographs / "day" / "deep" / "7.png", 240)
    (photographs / "notes.txt").write_text("no picture")
    lines = minicnn("predict", model, "photographs").out.splitlines()[1:]
    names = [line.split()[0] for line in lines]
    assert names == sorted(names)
    assert len(names) == 13
    assert "photographs/day/deep/7.png" in names


def test_sorted_by_class_the_surest_come_first(minicnn, model, photographs):
    said = minicnn("predict", model, "photographs", "--sort", "class", "--json")
    tags = json.loads(said.out)["pictures"]
    assert [tag["class"] for tag in tags] == ["night"] * 6 + ["day"] * 6
    for part in (tags[:6], tags[6:]):
        probabilities = [tag["probability"] for tag in part]
        assert probabilities == sorted(probabilities, reverse=True)


def test_more_pictures_than_a_batch(minicnn, model, here):
    for i in range(70):
        save_picture(here / "many" / f"{i:02}.png", 255 * (i % 2))
    (here / "many" / "33.png").write_bytes(b"not a picture")
    said = minicnn("predict", model, "many", "--json")
    tags = {Path(t["file"]).stem: t["class"] for t in json.loads(said.out)["pictures"]}
    assert tags == {f"{i:02}": ("night", "day")[i % 2] for i in range(70) if i != 33}


def test_csv_for_a_spreadsheet(minicnn, model, photographs):
    said = minicnn("predict", model, "photographs", "--csv", "new/tags.csv")
    assert (said.code, said.out) == (0, "12 pictures: new/tags.csv\n")
    with open("new/tags.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["class"] for row in rows} == {"night", "day"}
    assert rows[0] == {"file": "photographs/day/0.png", "class": "day", "probability": "1.0000"}


def test_what_cannot_be_read_is_listed_and_the_rest_is_done(minicnn, model, photographs):
    (photographs / "day" / "broken.png").write_bytes(b"hello")
    said = minicnn("predict", model, "photographs", "missing.png", "--json")
    assert said.code == 0
    document = json.loads(said.out)
    assert len(document["pictures"]) == 12
    assert [entry["file"] for entry in document["unreadable"]] == [
        "photographs/day/broken.png",
        "missing.png",
    ]
    assert said.err.splitlines()[1] == (
        "minicnn: missing.png: cannot be read (No such file or directory)"
    )


def test_if_nothing_can_be_read_that_is_a_failure(minicnn, model):
    said = minicnn("predict", model, "missing.png")
    assert (said.code, said.out) == (1, "")
    assert len(said.err.splitlines()) == 1


NASTY = ["\x1b[31mred.png", "two\nlines.png", "\u202egnp.exe.png", "\udcff.png", 'q",".png']


@pytest.mark.parametrize("name", NASTY)
def test_names_do_nothing_to_a_terminal(minicnn, model, here, name):
    (here / "odd").mkdir()
    write(here / "odd" / name, b"a name that there may be")
    save_picture(here / "odd" / name, 240)
    (here / "odd" / f"broken {name}").write_bytes(b"hello")
    said = minicnn("predict", model, "odd")
    for text in (said.out, said.err):
        assert all(line.isprintable() for line in text.split("\n"))
    assert (len(said.out.splitlines()), len(said.err.splitlines())) == (2, 1)
    minicnn("predict", model, "odd", "--csv", "tags.csv")
    assert len(Path("tags.csv").read_text(encoding="utf-8").splitlines()) == 2
    document = json.loads(minicnn("predict", model, "odd", "--json").out)
    assert document["pictures"][0]["file"] == f"odd/{name}"  # a program gets the very name


def test_three_classes(minicnn, photographs):
    model = mc.Sequential(
        [mc.GlobalAvgPool2D(), mc.Dense(3, activation="softmax")], input_shape=(8, 8, 3)
    )
    model.set_weights([np.diag([9.0, 9.0, 9.0]), np.array([0.0, 1.0, 0.0])])
    model.class_names = ("a", "b", "c")
    model.save("three.safetensors")
    said = minicnn("predict", "three.safetensors", "photographs/day/1.png", "--json")
    (tag,) = json.loads(said.out)["pictures"]
    assert tag["class"] == "b"
    assert sum(tag["probabilities"].values()) == pytest.approx(1, abs=1e-5)


def test_a_model_without_names_has_numbers(minicnn, model, photographs):
    nameless = mc.load_model(model)
    nameless.class_names = None
    nameless.save("nameless.safetensors")
    said = minicnn("predict", "nameless.safetensors", "photographs/day/1.png")
    assert "class 1" in said.out


def test_a_network_that_sees_greys_is_shown_greys(minicnn, here):
    """As Pillow makes them: red counts 0.299, green 0.587, blue 0.114."""
    model = mc.Sequential(
        [mc.GlobalAvgPool2D(), mc.Dense(1, activation="sigmoid")], input_shape=(8, 10, 1)
    )
    model.set_weights([np.full((1, 1), 3.0), np.array([-1.0])])
    model.class_names = ("night", "day")
    model.save("grey.safetensors")
    for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255), (10, 99, 200)):
        image = Image.new("RGB", (10, 8), colour)
        image.save("one.png")
        said = minicnn("predict", "grey.safetensors", "one.png", "--json")
        (tag,) = json.loads(said.out)["pictures"]
        grey = np.asarray(image.convert("L"))[None, ..., None]
        expected = float(model.predict(grey)[0, 0])
        assert tag["probabilities"]["day"] == pytest.approx(expected, abs=4e-3)  # one level
    (here / "folder").mkdir()
    Image.new("L", (10, 8), 200).save("folder/grey.png")
    assert "day" in minicnn("predict", "grey.safetensors", "folder").out
