"""Files that minicnn 0.1.0 wrote are read, and its runs go on."""

import shutil
from pathlib import Path

import numpy as np

import minicnn as mc
from tests.saving.version_0_1_0.runs import HERE, PICTURES, network, pictures, rows, watched

SAID = [
    0.4480243, 0.4584946, 0.4117255, 0.47847125, 0.39940053, 0.44596982, 0.42035717,
    0.45299408, 0.46052784, 0.49446148, 0.42819077, 0.47011217, 0.45653787, 0.44860634,
]  # fmt: skip


def test_a_model_says_what_it_said():
    model = mc.load_model(HERE / "model.safetensors")
    np.testing.assert_allclose(model.predict(PICTURES)[:, 0], SAID, rtol=1e-5)
    assert (model.class_names, model[0].trainable) == (["cat", "dog"], False)
    assert repr(model) == repr(network())


def test_a_run_goes_on_from_the_middle_of_an_epoch():
    """One step of eight is left to do: the files tell apart a run that forgot something."""
    model = network()
    history = pictures(model, resume=HERE / "mid_epoch.ckpt")
    np.testing.assert_allclose(model.predict(PICTURES)[:, 0], SAID, rtol=1e-4)
    assert history.epochs == [0, 1]
    assert history.history["accuracy"] == [8 / 14, 12 / 14]


def test_callbacks_remember(tmp_path: Path):
    path = tmp_path / "run.ckpt"
    whole = rows()
    expected = watched(whole, path, epochs=6)
    shutil.copyfile(HERE / "callbacks.ckpt", path)
    model = rows()
    found = watched(model, path, epochs=6, resume=True)
    assert found.epochs == expected.epochs
    np.testing.assert_allclose(found.history["loss"], expected.history["loss"], rtol=1e-4)
    rate = model.optimizer.learning_rate
    assert rate == whole.optimizer.learning_rate
    assert rate < 0.02 * 0.9**6  # the plateau counted too
