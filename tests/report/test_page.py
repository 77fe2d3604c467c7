"""What stands on the page, for every kind of model and every way in which a run can end."""

from __future__ import annotations

import re

import numpy as np
import pytest

import minicnn as mc
from minicnn.data.picture_error import printable
from minicnn.report.words import percent
from tests.report.conftest import PETS, RNG, ROWS, of_pictures, of_rows
from tests.report.reading import check
from tests.report.test_markup import NASTY
from tests.systems import write

X, Y = PETS
HELD = (X[24:], Y[24:])


def pair(**options):
    return mc.data.Pictures(X[:24], Y[:24], batch_size=6, **options), mc.data.Pictures(
        *HELD, shuffle=False
    )


# ---- kinds of models -----------------------------------------------------------------------------


def test_pictures_of_two_classes(page):
    training, validation = pair(augment="classic")
    model = of_pictures(gradients=[mc.GradientNorms()])
    model.class_names = ("cat", "dog")
    run = page(model, training, epochs=3, validation_data=validation)
    assert run.status.endswith("finished: 3 epochs in " + run.status.split(" in ")[1])
    headings = [e.text for e in run.all("h3")]
    for there in ("loss", "accuracy", "Most mistaken", "Least sure", "ROC curve", "Calibration",
                  "Precision and recall", "Where the evidence lies", "Filters of conv2d_1",
                  "One picture’s way through the network", "The network, drawn", "Augmentation",
                  "Lengths of the gradients", "pictures a second in training"):  # fmt: skip
        assert there in headings, there
    assert not [e for e in run.elements if e.attributes.get("class") == "missing"]

    cards, history = run.cards(), model.trainer.run.history.history
    assert cards["Validation accuracy"].startswith(f"{history['val_accuracy'][-1]:.1%}"[:-1])
    assert cards["Validation loss"].startswith(f"{history['val_loss'][-1]:.4g}")
    assert cards["Best epoch"].startswith(str(1 + np.argmin(history["val_loss"])))
    baseline = mc.data.rgb_baseline(X[:24], Y[:24], *HELD)
    assert cards["Average colour alone"].startswith(f"{baseline:.1%}"[:-1])

    numbers = run.rows("Every epoch in numbers")
    assert [row[0] for row in numbers] == ["epoch", "1", "2", "3"]
    assert [row[1] for row in numbers[1:]] == [f"{loss:.4g}" for loss in history["loss"]]
    table = mc.metrics.confusion_matrix(HELD[1], model.predict(HELD[0]))
    shown = [
        [int(cell.split()[0]) for cell in row[1:3]] for row in run.rows("Confusion matrix")[1:]
    ]
    assert shown == table.tolist()
    alts = " ".join(image["alt"] for image in run.all("img"))
    assert f"Area under the ROC curve {mc.metrics.auc(HELD[1], model.predict(HELD[0])):.3f}" in alts
    zeros = np.mean(model.layer_outputs(X[24:25])["conv2d_1"] == 0)
    assert re.search(r"Share of zeros: conv2d_1 \d+ %", alts)
    assert 0 < zeros < 1
    # an image for each mistake, for each doubt, and for each figure
    wrong = int(table.sum() - np.trace(table))
    assert len(run.all("img")) == min(wrong, 12) + 12 + 9


def test_digits_of_ten_classes(page):
    x, y = RNG.random((40, 12, 12, 1), np.float32), np.arange(40) % 10
    layers = [mc.Conv2D(2, 3, activation="relu"), mc.Flatten(), mc.Dense(10, activation="softmax")]
    model = mc.Sequential(layers, input_shape=(12, 12, 1))
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    run = page(model, x, y, epochs=1, validation_split=0.5)
    rows = run.rows("Confusion matrix")
    assert len(rows) == 11
    assert rows[1][0] == "class 0"
    small = [image for image in run.all("img") if image.attributes.get("class") == "small"]
    assert all(image["src"].startswith("data:image/png") for image in small)
    assert len(small) >= 12
    assert "drawn of two classes only" in run.by_id("answers").text
    assert "Average colour alone" not in run.cards()


@pytest.mark.usefixtures("no_plots")
def test_many_classes_are_listed_instead_of_a_wide_table(page):
    K = 40
    x, y = RNG.standard_normal((80, 3)), np.arange(80) % K
    run = page(of_rows(K, "sparse_categorical_crossentropy"), x, y, epochs=1)
    rows = run.rows("The most frequent confusions")
    assert 1 < len(rows) <= 21
    assert [int(row[2]) for row in rows[1:]] == sorted((int(r[2]) for r in rows[1:]), reverse=True)


@pytest.mark.usefixtures("no_plots")
def test_rows_of_numbers_without_validation(page):
    y = (ROWS[:, 0] > 0).astype(int)
    run = page(of_rows(1, "binary_crossentropy", metrics=["accuracy"]), ROWS, y, epochs=2)
    assert "Training accuracy" in run.cards()
    assert "Best epoch" not in run.cards()
    assert "Of 30 training samples" in run.by_id("answers").text
    assert "no pictures" in run.by_id("sees").text
    assert "Without validation data nobody knows" in run.by_id("curves").text
    assert "Samples a second" in run.cards()


@pytest.mark.usefixtures("no_plots")
def test_a_regression(page):
    run = page(of_rows(2), ROWS, RNG.standard_normal((30, 2)), epochs=2, validation_split=0.2)
    assert set(run.cards()) == {"Validation loss", "Best epoch", "Time", "Samples a second"}
    assert "there is no confusion matrix" in run.by_id("answers").text


def test_several_yes_or_no_outputs_and_answers_for_every_place(page):
    y = RNG.integers(0, 2, (30, 3))
    run = page(of_rows(3, "binary_crossentropy"), ROWS, y, epochs=1)
    assert "not choose one class for each sample" in run.by_id("answers").text
    model = mc.Sequential(
        [mc.Conv2D(1, 3, padding="same", activation="sigmoid")], input_shape=(24, 24, 3)
    )
    model.compile("adam", "binary_crossentropy")
    run = page(model, X, RNG.integers(0, 2, (len(X), 24, 24, 1)), epochs=1)
    assert "not choose one class for each sample" in run.by_id("answers").text
    assert "One picture’s way through the network" in run.by_id("sees").text


@pytest.mark.usefixtures("no_plots")
def test_a_network_that_gives_logits(page):
    layers = [mc.Dense(4, activation="relu"), mc.Dense(3)]
    model = mc.Sequential(layers, input_shape=(3,), seed=1)
    model.compile("adam", mc.SparseCategoricalCrossentropy(from_logits=True))
    y = np.arange(30) % 3
    run = page(model, ROWS, y, epochs=1)
    right = np.mean(model.predict(ROWS).argmax(axis=1) == y)
    assert f"({percent(right)})" in run.by_id("answers").text


@pytest.mark.usefixtures("no_plots")
def test_a_data_set_of_ones_own(page):
    class Own:
        def __len__(self):
            return 2

        def epoch(self, epoch):
            yield mc.data.Batch(X[:6], Y[:6])
            yield mc.data.Batch(X[6:12], Y[6:12])

    run = page(of_pictures(), Own(), epochs=1)
    assert "Of 12 training pictures" in run.by_id("answers").text
    assert ["Batch size", "not told by the data set"] in run.rows("How the run was set up")


@pytest.mark.usefixtures("no_plots")
def test_pictures_and_names_that_are_given(page):
    given = {"pictures": (X[:5], Y[:5]), "class_names": ["Katze", "Hund"], "title": "Haustiere"}
    run = page(of_pictures(), X, Y, epochs=1, report=given)
    assert "Of 5 pictures" in run.by_id("answers").text
    assert run.one("h1").text == "Haustiere"
    assert [row[0] for row in run.rows("Confusion matrix")[1:]] == ["Katze", "Hund"]
    for wrong in ("cat", [1, 2]):
        with pytest.raises(mc.ConfigError, match="class_names as a list of texts"):
            mc.Report("x", class_names=wrong)


@pytest.mark.usefixtures("no_plots")
def test_settings_say_what_was_chosen(page):
    model = of_pictures(optimizer=mc.Adam(mc.CosineDecay(0.01, 100)), gradients=[mc.ClipNorm(1.0)])
    stop = mc.EarlyStopping(monitor="loss", patience=7)
    scheduled = dict(run for run in page(model, X, Y, epochs=2, callbacks=[stop]).rows(
        "How the run was set up"))  # fmt: skip
    assert scheduled["Optimizer"].startswith("Adam(learning_rate=CosineDecay(initial_learning_rate")
    assert scheduled["Between gradients and optimizer"] == "ClipNorm(limit=1.0)"
    assert scheduled["Callbacks"] == "EarlyStopping(patience=7, restore_best_weights=True)"
    assert scheduled["Seed"] == "1"
    assert scheduled["Epochs"] == "2 of 6 steps"
    assert not any(" at 0x" in value for value in scheduled.values())


@pytest.mark.usefixtures("no_plots")
def test_the_environment_says_on_what(page):
    rows = dict(page(of_rows(), ROWS, ROWS[:, 0]).rows("What it ran on"))
    assert rows["NumPy"] == np.__version__
    assert rows["minicnn"] == mc.__version__
    assert rows["Backend"] == "numpy"
    assert rows["BLAS"]


# ---- names that somebody else has chosen ---------------------------------------------------------


@pytest.mark.usefixtures("no_plots")
def test_no_name_becomes_a_tag(tmp_path):
    for i, bad in enumerate(NASTY):
        model = of_rows(1, "binary_crossentropy")
        model.layers[0].name = "a<b>&amp;"
        path = tmp_path / f"{i}.html"
        report = mc.Report(path, class_names=[bad, f"{bad}'"], title=bad)
        model.fit(ROWS, ROWS[:, 0] > 0, verbose=0, callbacks=[report])
        run = check(path.read_text(encoding="utf-8"))
        assert [row[0] for row in run.rows("Confusion matrix")[1:]] == [
            printable(name).strip() for name in (bad, f"{bad}'")
        ]
        assert run.one("h1").text == printable(bad)
        assert run.rows("Layers")[1][0] == "a<b>&amp;"


def test_files_and_folders_of_any_name(page, tmp_path):
    from PIL import Image

    nasty = ["<img src=x onerror=alert(1)>", "a\"b' & $x^", "كلب", "日本.png"]
    for label, folder in enumerate(("<b>cats", "dogs$2^'\"")):
        (tmp_path / "photos" / folder).mkdir(parents=True)
        for i, stem in enumerate(nasty):
            pixels = np.full((24, 24, 3), 200 * label + i, np.uint8)
            picture = tmp_path / "photos" / folder / f"{stem}.png"
            write(picture, b"a name that there may be")
            Image.fromarray(pixels).save(picture)
    data = mc.data.ImageFolder(tmp_path / "photos", image_size=(24, 24), cache=False)
    run = page(of_pictures(), data, epochs=1)
    names = {e.text for e in run.all("small") if "/" in e.text}
    expected = {f"{folder}/{stem}.png" for folder in data.classes for stem in nasty}
    assert names == {printable(name) for name in expected}
    assert not [e for e in run.elements if e.attributes.get("class") == "missing"]


# ---- without matplotlib --------------------------------------------------------------------------


@pytest.mark.usefixtures("no_plots")
def test_without_matplotlib_the_page_says_what_is_missing(page):
    training, validation = pair(augment="classic")
    run = page(of_pictures(), training, epochs=2, validation_data=validation)
    missing = [e.text for e in run.elements if e.attributes.get("class") == "missing"]
    assert "The network, drawn" in missing[0]
    assert "ROC curve" in missing[0]
    assert "pip install 'minicnn-textbook[plots]'" in missing[0]
    assert len(run.all("svg")) > 3  # the curves are there
    assert run.rows("Confusion matrix")
    assert {image["src"][:15] for image in run.all("img")} == {"data:image/png;"}
    assert "ROC curve" not in [e.text for e in run.all("h3")]


def test_a_picture_that_fails_is_named_and_the_others_are_there(page, monkeypatch):
    monkeypatch.setattr("minicnn.viz.roc", lambda *_: 1 / 0)
    run = page(of_pictures(), X, Y, epochs=1)
    missing = [e.text for e in run.elements if e.attributes.get("class") == "missing"]
    assert missing == ["ROC curve: not drawn: ZeroDivisionError('division by zero')"]
    assert "Calibration" in [e.text for e in run.all("h3")]
    monkeypatch.setattr("minicnn.report.looking.confusion_matrix", lambda *_: 1 / 0)
    run = page(of_pictures(), X, Y, epochs=1)
    assert "No pictures after epoch 1: ZeroDivisionError" in run.by_id("answers").text
    assert run.status.startswith("✓ finished")
