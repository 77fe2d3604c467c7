import numpy as np

import minicnn as mc
from minicnn.training import History


def test_one_figure_an_epoch():
    history = History()
    history.add(3, {"loss": 1.0})
    history.add(4, {"loss": 0.5, "accuracy": 0.9})
    assert history.epochs == [3, 4]
    assert history.history == {"loss": [1.0, 0.5], "accuracy": [0.9]}


def test_what_fit_writes_down():
    x = np.random.default_rng(0).standard_normal((12, 2))
    y = (x[:, 0] > 0).astype(int)
    model = mc.Sequential([mc.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy", "auc", "confusion_matrix"])
    history = model.fit(x, y, epochs=5, initial_epoch=2, validation_split=0.25, verbose=0)
    names = ["loss", "accuracy", "auc", "confusion_matrix"]
    assert list(history.history) == [*names, *(f"val_{name}" for name in names)]
    assert history.epochs == [2, 3, 4]
    assert all(len(figures) == 3 for figures in history.history.values())
    assert history.history["val_confusion_matrix"][-1].sum() == 3
    assert isinstance(history.history["loss"][0], float)
