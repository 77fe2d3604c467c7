from pathlib import Path

import pytest

import minicnn as mc
from tests.cli.conftest import save_picture

pytestmark = pytest.mark.usefixtures("small_catdog")
LEFT = ["confusion.png", "curves.png", "log.csv", "mistakes.png", "model.safetensors", "run.ckpt"]


def left_in(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def test_from_photographs_to_a_model_that_knows_them(minicnn, photographs):
    said = minicnn("train", "photographs", "--epochs", 30, "--learning-rate", 0.01, "--seed", 1)
    assert said.code == 0
    assert said.err == ""
    assert left_in("runs/train") == LEFT
    assert "12 pictures from photographs (day: 6, night: 6)" in said.out
    assert "10 pictures to train on, 2 held back" in said.out
    assert "Epoch 30/30" in said.out
    model = "runs/train/model.safetensors"
    assert mc.load_model(model).class_names == ["day", "night"]
    said = minicnn("predict", model, "photographs")
    assert sum(Path(line.split()[0]).parent.name == line.split()[1]
               for line in said.out.splitlines()[1:]) == 12  # fmt: skip
    assert minicnn("evaluate", model, "photographs").code == 0


def test_drawn_pets(minicnn):
    said = minicnn("train", "--drawn", 30, "--epochs", 1, "--augment", "classic", "--out", "pets")
    assert said.code == 0
    assert left_in("pets") == LEFT
    assert mc.load_model("pets/model.safetensors").class_names == ["cat", "dog"]


def test_a_report_is_left_where_it_is_asked_for(minicnn, photographs):
    words = ("train", "photographs", "--epochs", 1, "--quiet")
    assert minicnn(*words, "--report") == (0, "", "")
    assert left_in("runs/train") == sorted([*LEFT, "report.html"])
    text = Path("runs/train/report.html").read_text()
    assert "<bdi>night/" in text
    assert "ModelCheckpoint(path=&#x27;runs/train/run.ckpt&#x27;" in text
    assert minicnn(*words, "--out", "other", "--report", "pages/mine.html") == (0, "", "")
    assert left_in("other") == LEFT
    assert Path("pages/mine.html").exists()


def test_three_classes(minicnn, photographs):
    for i in range(6):
        save_picture(photographs / "dusk" / f"{i}.png", 120 + i)
    assert minicnn("train", "photographs", "--epochs", 1).code == 0
    model = mc.load_model("runs/train/model.safetensors")
    assert model.class_names == ["day", "dusk", "night"]
    assert model.output_shape == (3,)


def test_a_run_goes_on_and_ends_with_the_same_bits(minicnn, photographs):
    options = ("--augment", "classic", "--dropout", 0.5, "--batch-size", 4)
    for out, epochs, *resume in (("whole", 3), ("parts", 1), ("parts", 3, "--resume")):
        words = ("train", "photographs", *options, "--epochs", epochs, "--out", out, *resume)
        assert minicnn(*words).code == 0
    for name in ("model.safetensors", "run.ckpt", "log.csv"):
        assert Path("parts", name).read_bytes() == Path("whole", name).read_bytes()


def test_resume_without_a_run_begins_one(minicnn, photographs):
    said = minicnn("train", "photographs", "--epochs", 1, "--resume")
    assert said.code == 0
    assert "No run to go on with in runs/train: it begins" in said.out


def test_a_run_that_is_done_is_not_trained_further(minicnn, photographs):
    words = ("train", "photographs", "--epochs", 2)
    minicnn(*words)
    before = Path("runs/train/model.safetensors").read_bytes()
    said = minicnn(*words, "--resume")
    assert said.code == 0
    assert "Epoch" not in said.out
    assert Path("runs/train/model.safetensors").read_bytes() == before


def test_quiet_is_quiet(minicnn, photographs):
    assert minicnn("train", "photographs", "--epochs", 1, "--quiet") == (0, "", "")


def test_the_threads_asked_for_do_the_work_and_are_forgotten(minicnn, photographs, monkeypatch):
    before, seen = mc.get_threads(), []
    fit = mc.Sequential.fit

    def watched(*args, **options):
        seen.append(mc.get_threads())
        return fit(*args, **options)

    monkeypatch.setattr(mc.Sequential, "fit", watched)
    minicnn("train", "photographs", "--epochs", 1, "--threads", before + 1)
    assert (seen, mc.get_threads()) == ([before + 1], before)


def test_without_matplotlib_there_are_no_plots_and_that_is_all(minicnn, photographs, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    said = minicnn("train", "photographs", "--epochs", 1)
    assert said.code == 0
    assert left_in("runs/train") == ["log.csv", "model.safetensors", "run.ckpt"]
    assert "no plots" in said.err
    assert len(said.err.splitlines()) == 1
