import errno
import os
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


@pytest.mark.parametrize("plot", ["curves.png", "confusion.png", "mistakes.png"])
def test_a_plot_is_replaced_as_a_whole(minicnn, photographs, monkeypatch, plot):
    replace = os.replace

    def full(part, path):
        if Path(path).name == plot:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(part, path)

    words = ("train", "photographs", "--epochs", 1, "--quiet")
    assert minicnn(*words).code == 0
    before = Path("runs/train", plot).read_bytes()
    assert before.startswith(b"\x89PNG")
    monkeypatch.setattr(os, "replace", full)
    said = minicnn(*words)
    assert said.code == 1
    assert "No space left on device; the file from before is untouched" in said.err
    assert Path("runs/train", plot).read_bytes() == before


def test_drawn_pets(minicnn):
    said = minicnn("train", "--drawn", 30, "--epochs", 1, "--augment", "classic", "--out", "pets")
    assert said.code == 0
    assert left_in("pets") == LEFT
    assert mc.load_model("pets/model.safetensors").class_names == ["cat", "dog"]


def test_a_report_is_left_where_it_is_asked_for(minicnn, photographs):
    words = ("train", "photographs", "--epochs", 1, "--quiet")
    assert minicnn(*words, "--report") == (0, "", "")
    assert left_in("runs/train") == sorted([*LEFT, "report.html"])
    text = Path("runs/train/report.html").read_text(encoding="utf-8")
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


def test_forgetting_to_resume_costs_nothing(minicnn, photographs):
    minicnn("train", "photographs", "--epochs", 2)
    earlier = Path("runs/train/run.ckpt").read_bytes()
    said = minicnn("train", "photographs", "--epochs", 1)
    assert "kept as runs/train/run.previous.ckpt" in said.out
    assert Path("runs/train/run.previous.ckpt").read_bytes() == earlier


def test_colour_alone_is_told_beside_the_accuracy(minicnn, photographs):
    said = minicnn("train", "photographs", "--epochs", 1)
    assert "A classifier on the average colour alone: 100.0%" in said.out  # night and day
    for i in range(6):
        save_picture(photographs / "dusk" / f"{i}.png", 120 + i)
    said = minicnn("train", "photographs", "--epochs", 1, "--out", "three")
    assert "average colour" not in said.out  # which knows two classes only


def test_patience_ends_training_and_keeps_the_best_epoch(minicnn, photographs):
    for name in ("day", "night"):  # labels of chance: what is learnt does not help elsewhere
        for i in range(6, 16):
            save_picture(photographs / name / f"{i}.png", (37 * i + 90 * (name == "day")) % 256)
    options = ("train", "photographs", "--learning-rate", 0.3, "--epochs", 200, "--patience", 2)
    said = minicnn(*options)
    assert said.code == 0
    rows = Path("runs/train/log.csv").read_text(encoding="utf-8").splitlines()[1:]
    losses = [float(row.split(",")[-2]) for row in rows]
    best = losses.index(min(losses))
    assert len(losses) == best + 3 < 200
    assert f"Kept epoch {best + 1}, the best on the pictures held back" in said.out
    minicnn(*options[:-2], "--epochs", best + 1, "--out", "best")
    for name in ("runs/train", "best"):
        assert minicnn("evaluate", f"{name}/model.safetensors", "photographs").code == 0
    models = [mc.load_model(f"{name}/model.safetensors") for name in ("runs/train", "best")]
    weights = [model.get_weights() for model in models]
    assert all((a == b).all() for a, b in zip(*weights, strict=True))


def test_patience_survives_a_resume(minicnn, photographs):
    words = ("train", "photographs", "--learning-rate", 0.3, "--patience", 3)
    for out, epochs, *resume in (("whole", 6), ("parts", 2), ("parts", 6, "--resume")):
        assert minicnn(*words, "--epochs", epochs, "--out", out, *resume).code == 0
    for name in ("model.safetensors", "log.csv"):
        assert Path("parts", name).read_bytes() == Path("whole", name).read_bytes()


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


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--batch-size", 6], "batch_size"),
        (["--augment", "mild"], "augment"),
        (["--learning-rate", 0.1], "expected --learning-rate 0.001"),
        (["--seed", 1], "seed"),
        (["--dropout", 0.5], "layer"),
    ],
)
def test_a_run_goes_on_as_it_was_begun(minicnn, photographs, words, says):
    """Ten pictures are two steps of five, and two of six and four."""
    assert minicnn("train", "photographs", "--epochs", 1, "--batch-size", 5).code == 0
    before = Path("runs/train/run.ckpt").read_bytes()
    again = ["train", "photographs", "--epochs", 2, "--batch-size", 5, "--resume"]
    said = minicnn(*again, *words)
    assert said.code == 1
    assert says in said.err
    assert said.err.count("\n") == 1
    assert Path("runs/train/run.ckpt").read_bytes() == before
    assert minicnn(*again).code == 0


def test_a_picture_that_has_changed_makes_another_run(minicnn, photographs):
    assert minicnn("train", "photographs", "--epochs", 1).code == 0
    save_picture(photographs / "night" / "1.png", 99)
    said = minicnn("train", "photographs", "--epochs", 2, "--resume")
    assert said.code == 1
    assert "labels and pictures" in said.err


def test_where_nothing_is_left_to_train_it_is_said(minicnn, photographs):
    words = ["train", "photographs", "--epochs", 2, "--learning-rate", 1e9, "--patience", 1]
    assert "No epoch was left" not in minicnn(*words).out
    said = minicnn(*words[:3], 1, *words[4:], "--resume").out
    assert "No epoch was left to train: 2 are done, and" in said
    assert "No epoch was left" not in minicnn(*words[:3], 3, *words[4:-2], "--resume").out


def test_a_file_where_the_run_should_be_is_said_before_pictures_are_read(minicnn, photographs):
    Path("taken").write_text("mine", encoding="utf-8")
    for out in ("taken", "taken/deep/run"):
        said = minicnn("train", "photographs", "--out", out)
        assert (said.code, said.out) == (1, "")
        assert f"{out}: expected a folder for the run, got a file at " in said.err
        assert "taken; name another: --out" in said.err


def test_class_names_that_no_font_has(minicnn, photographs, recwarn):
    (photographs / "night").rename(photographs / "猫")
    assert minicnn("train", "photographs", "--epochs", 1).err == ""
    assert not recwarn.list
