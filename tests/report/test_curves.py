"""What the page says of the curves is what the figures say."""

import math

import pytest

from minicnn.report.curves import reading
from minicnn.report.story import Story
from minicnn.training import History


def said(*val_losses):
    history = History()
    for epoch, loss in enumerate(val_losses):
        history.add(epoch, {"loss": 0.1, "val_loss": loss})
    story = Story("a run", "finished", "", len(val_losses), history, [], [], None)
    return reading(story)


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        ([0.5], "After one epoch there is no course to be seen yet"),
        ([0.5, 0.4], "was still falling at the end"),
        ([0.5, 0.4, 0.6], "lowest, epoch 2; since then it rose by 50 %"),
        ([0.5, 0.4, 0.4], "since then it hardly moved"),
        ([0.5, 0.4, math.nan], "is no number any more. It was lowest in epoch 2 (dotted line)"),
        ([0.5, math.inf], "is no number any more. It was lowest in epoch 1 (dotted line)"),
        ([math.nan], "The validation loss has never been a number"),
        ([], "Without validation data"),
    ],
)
def test_how_training_went_in_words(losses, words):
    assert words in said(*losses)
