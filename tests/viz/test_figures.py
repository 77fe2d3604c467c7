"""The figures show the numbers that they were given, and can be drawn without a screen."""

import io

import numpy as np
import pytest

import minicnn as mc
from minicnn import viz
from minicnn.training import History


def rendered(figure):
    """The figure as pixels."""
    from PIL import Image

    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=60)
    return np.asarray(Image.open(file).convert("RGB")).astype(int)


@pytest.fixture
def history():
    history = History()
    for epoch, (loss, val_loss) in enumerate([(0.7, 0.6), (0.4, 0.5), (0.1, 0.9)]):
        history.add(epoch, {"loss": loss, "accuracy": 1 - loss, "val_loss": val_loss})
    return history


def test_curves_show_the_history_and_where_over_fitting_begins(history):
    figure = viz.curves(history)
    loss, accuracy = figure.axes
    training, validation, best = loss.get_lines()
    assert list(training.get_ydata()) == [0.7, 0.4, 0.1]
    assert list(training.get_xdata()) == [1, 2, 3]
    assert list(validation.get_ydata()) == [0.6, 0.5, 0.9]
    assert list(best.get_xdata()) == [2, 2]  # the epoch of the lowest validation loss
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["training", "validation", "lowest validation loss: epoch 2"]
    (after,) = loss.patches  # shaded: what comes after it
    assert after.get_extents().x0 == loss.transData.transform((2, 0))[0]
    assert len(accuracy.get_lines()) == 2  # no val_accuracy: training and the mark


def test_a_validation_loss_that_is_no_number_is_not_the_lowest():
    history = History()
    for epoch, loss in enumerate([0.5, np.nan, 0.2, 0.3, np.nan]):
        history.add(epoch, {"loss": 0.1, "val_loss": float(loss)})
    *_, best = viz.curves(history).axes[0].get_lines()
    assert list(best.get_xdata()) == [3, 3]


def test_training_and_validation_are_told_apart_without_colour(history):
    training, validation, _ = viz.curves(history).axes[0].get_lines()
    assert training.get_linestyle() != validation.get_linestyle()
    assert training.get_marker() != validation.get_marker()


def test_a_figure_has_something_on_it(history):
    pixels = rendered(viz.curves(history))
    assert pixels.shape[1] > pixels.shape[0] > 100
    blue, orange = np.array([0, 114, 178]), np.array([230, 159, 0])
    for colour in (blue, orange):
        assert (np.abs(pixels - colour).sum(axis=-1) < 30).sum() > 50


def test_an_empty_history_is_one_clear_error():
    with pytest.raises(mc.DataError, match="at least one epoch"):
        viz.curves(History())


def test_confusion_writes_counts_and_shares():
    figure = viz.confusion(np.array([[30, 10], [0, 60]]), ["cat", "dog"])
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["30\n75%", "10\n25%", "0\n0%", "60\n100%"]
    assert rendered(figure).std() > 10


def test_mistakes_are_the_worst_first():
    x = np.zeros((4, 5, 5, 3), np.uint8)
    y_true, y_pred = np.array([0, 1, 0, 1]), np.array([[0.9], [0.4], [0.2], [0.01]])
    figure = viz.mistakes(x, y_true, y_pred, ["cat", "dog"], count=2)
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == ["is dog\ntaken for cat (99%)", "is cat\ntaken for dog (90%)"]


def test_mistakes_of_several_classes_and_grey_pictures():
    x = np.zeros((2, 5, 5, 1), np.uint8)
    y_pred = np.array([[0.1, 0.7, 0.2], [0.1, 0.1, 0.8]])
    figure = viz.mistakes(x, np.array([0, 2]), y_pred, ["a", "b", "c"])
    assert [a.get_title() for a in figure.axes if a.get_title()] == ["is a\ntaken for b (70%)"]


def test_predictions_in_a_row_are_those_of_one_output():
    x, y, p = np.zeros((3, 5, 5, 3), np.uint8), np.array([0, 1, 0]), np.array([0.9, 0.4, 0.2])
    for draw in (viz.mistakes, viz.least_sure):
        row, column = (draw(x, y, given, ["cat", "dog"]) for given in (p, p[:, None]))
        titles = [[axes.get_title() for axes in figure.axes] for figure in (row, column)]
        assert titles[0] == titles[1]
        assert "cat" in titles[0][0]


def test_names_that_do_not_fit_are_one_clear_error():
    x, y, p = np.zeros((1, 5, 5, 3), np.uint8), np.array([1]), np.array([[0.9]])
    for draw in (viz.mistakes, viz.least_sure):
        with pytest.raises(mc.DataError, match="a name for each of 2 classes, got 1"):
            draw(x, y, p, ["cat"])
    with pytest.raises(mc.DataError, match="each of 2 classes, got shape \\(3, 3\\)"):
        viz.confusion(np.eye(3), ["cat", "dog"])


def test_no_mistakes_says_so():
    x = np.zeros((1, 5, 5, 3), np.uint8)
    figure = viz.mistakes(x, np.array([1]), np.array([[0.9]]), ["cat", "dog"])
    assert figure.get_suptitle() == "no mistakes"
    with pytest.raises(mc.DataError, match="a prediction for each"):
        viz.mistakes(x, np.array([1]), np.array([[0.9], [0.1]]), ["cat", "dog"])


def test_a_share_that_is_not_all_is_not_rounded_to_all():
    figure = viz.confusion(np.array([[499, 1], [0, 5]]), ["cat", "dog"])
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["499\n99.8%", "1\n0.2%", "0\n0%", "5\n100%"]
