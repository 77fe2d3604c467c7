import re
import sys
from contextlib import nullcontext

import numpy as np
import pytest

import minicnn as mc
from minicnn.training import progress
from tests.narrow import needs_threads, no_more_threads


@pytest.fixture
def model():
    model = mc.Sequential([mc.Dense(1, activation="sigmoid")], input_shape=(3,))
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy", "confusion_matrix"])
    return model


def fit(model, **options):
    x = np.random.default_rng(0).standard_normal((10, 3))
    return model.fit(
        x, x[:, 0] > 0, batch_size=4, epochs=2, validation_data=(x, x[:, 0] > 0), **options
    )


@pytest.mark.parametrize("verbose", [0, 1])
def test_nobody_is_watching(model, verbose, capsys):
    fit(model, verbose=verbose)
    out, err = capsys.readouterr()
    assert out == err == ""


def test_a_line_an_epoch(model, capsys):
    history = fit(model, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    figure = r"\d+\.\d{4}"
    pattern = (
        rf"Epoch 2/2 · \d+\.\d s · loss {figure} · accuracy {figure}"
        rf" · val_loss {figure} · val_accuracy {figure}"  # the table is left out
    )
    assert re.fullmatch(pattern, lines[1])
    assert f"val_loss {history.history['val_loss'][1]:.4f}" in lines[1]


@needs_threads
@pytest.mark.parametrize("where", ["a terminal", "a notebook"])
def test_a_live_line_where_someone_can_see_it(model, where, capsys, monkeypatch):
    if where == "a terminal":
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    else:  # rich draws there through ipywidgets
        monkeypatch.setitem(sys.modules, "ipykernel", sys)
        monkeypatch.setattr(progress, "find_spec", lambda name: name == "ipywidgets")
        monkeypatch.setattr("rich.console.Console.is_terminal", True)
    monkeypatch.setenv("COLUMNS", "160")  # in a narrow window the figures push the bar aside
    assert isinstance(progress.progress_for(1), progress.ProgressBar)
    history = fit(model, verbose=1)
    out = capsys.readouterr().out
    for epoch in (1, 2):
        assert f"Epoch {epoch}/2" in out
    assert "/3" in out  # the bar counts steps
    assert f"val_loss {history.history['val_loss'][-1]:.4f}" in re.sub(r"\s+", " ", out)


def test_a_notebook_without_ipywidgets_gets_lines(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setattr(progress, "find_spec", lambda name: None)
    assert type(progress.progress_for(1)) is progress.EpochLines


@pytest.mark.parametrize("where", ["a terminal", "a notebook"])
@pytest.mark.parametrize("what", ["rich", "threads"])
def test_without_what_draws_a_line_an_epoch_says_it(model, where, what, capsys, monkeypatch):
    if where == "a terminal":
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    else:
        monkeypatch.setitem(sys.modules, "ipykernel", sys)
        monkeypatch.setattr(progress, "find_spec", lambda name: name == "ipywidgets")
    if what == "rich":
        monkeypatch.setitem(sys.modules, "rich", None)  # an import of it fails
    with no_more_threads() if what == "threads" else nullcontext():
        fit(model)
    assert re.fullmatch(r"(Epoch [12]/2 · .*\n){2}", capsys.readouterr().out)


@needs_threads
def test_the_terminal_is_given_back_when_training_fails(model, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    bars = []
    start = progress.ProgressBar.on_train_begin

    def remember(self, plan):
        start(self, plan)
        bars.append(self.display)

    monkeypatch.setattr(progress.ProgressBar, "on_train_begin", remember)
    with pytest.raises(mc.NotFiniteError):
        model.fit(np.full((4, 3), np.nan), np.ones(4))
    assert not bars[0].live.is_started


def test_numbers_of_numpy_are_figures_too():
    logs = {
        "loss": np.float32(0.5), "hits": 3, "mean": np.array(0.25), "table": np.ones((2, 2)),
        "name": "x", "done": True,
    }  # fmt: skip
    assert progress.figures(logs) == "loss 0.5000 · hits 3.0000 · mean 0.2500"
