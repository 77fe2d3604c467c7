"""All that is drawn of a network at one moment: the pictures of the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn.data.baseline import rgb_baseline
from minicnn.data.dataset import Dataset
from minicnn.data.pictures import Pictures as PictureData
from minicnn.metrics import accuracy
from minicnn.report.answers import of_what, right_and_wrong
from minicnn.report.insights import Insights
from minicnn.report.looking import Answers
from minicnn.report.markup import Html, join, tag
from minicnn.report.samples import Samples, take
from minicnn.report.story import Pictures
from minicnn.report.words import figure

LIT = 4  # pictures whose evidence is shown
COLOURS = 2000  # pictures whose average colour is looked at


def draw(
    model: Any,
    training: Dataset,
    samples: Samples,
    class_names: Sequence[str] | None,
    after: int,
) -> Pictures:
    """Ask the network about the samples, and draw what it says and how it comes to it."""
    insights, found = Insights(), Pictures(after)
    answers = Answers.of(model, samples, class_names)
    found.parts["network"] = join([insights.diagram(model), insights.gradient_flow(model)])
    found.parts["settings"] = _augmented(insights, training)
    if answers is None:
        loss = model.trainer.link.loss.name
        why = f"The network does not choose one class for each sample ({loss})"
        found.parts["answers"] = tag(
            "p", f"{why}: there is no confusion matrix, and no mistakes to look at.", class_="note",
        )  # fmt: skip
    else:
        found.parts["answers"] = join([right_and_wrong(answers), _trust(insights, answers)])
        found.facts = _facts(answers, training)
    found.parts["sees"] = _seen(insights, model, samples, answers)
    found.parts["missing"] = insights.what_is_missing()
    return found


def _seen(insights: Insights, model: Any, samples: Samples, answers: Answers | None) -> Html:
    if not samples.are_pictures:
        return tag("p", "The samples are no pictures: there is nothing to be seen of them.",
                   class_="note")  # fmt: skip
    places = [0] if answers is None else worth_a_look(answers)
    picture, name = samples.x[places[0]], samples.names[places[0]]
    lit = Html() if answers is None else insights.evidence(model, answers, places)
    maps = insights.feature_maps(model, picture, name)
    return join([lit, maps, insights.filters(model)])


def worth_a_look(answers: Answers) -> list[int]:
    """The surest right answer of each class, and the worst mistakes: at most four places."""
    p = answers.probabilities
    sure = p[np.arange(len(p)), answers.truth]
    is_right = answers.truth == answers.taken_for
    best = [
        int(max(np.flatnonzero(of_class), key=lambda i: sure[i]))
        for k in range(len(answers.classes))
        if (of_class := is_right & (answers.truth == k)).any()
    ]
    worst = sorted(np.flatnonzero(~is_right).tolist(), key=lambda i: sure[i])
    shown = [*best[: LIT - min(2, len(worst))], *worst[:2]]
    return [*shown, *best[len(shown) :]][:LIT]


def _trust(insights: Insights, answers: Answers) -> Html:
    p = answers.of_class_1
    if p is None:
        return tag("p", "ROC, precision and recall, and calibration are drawn of two classes only.",
                   class_="note")  # fmt: skip
    heading = tag("h3", "How far its probabilities can be trusted")
    return join([heading, insights.thresholds(answers.truth, p, list(answers.classes))])


def _augmented(insights: Insights, training: Dataset) -> Html:
    augment = getattr(training, "augment", None)
    if augment is None or not isinstance(training, PictureData):
        return Html()
    return insights.augmentation(training.some(3)[0], augment, training.seed)


def _facts(answers: Answers, training: Dataset) -> list[tuple[str, str, str]]:
    """What only the pictures tell, for the top of the page."""
    right = accuracy(answers.table)
    facts = [("Right answers", figure("accuracy", right), f"of {of_what(answers)}")]
    x, truth = answers.samples.x, answers.truth
    if isinstance(training, PictureData) and x.ndim == 4 and len(answers.classes) == 2:
        seen = take(training, "training", COLOURS)
        baseline = rgb_baseline(seen.x, seen.y.reshape(-1), x, truth)
        by_colour = figure("accuracy", baseline)
        facts.append(("Average colour alone", by_colour, "right without seeing any shape"))
    return facts


def chosen_samples(given: Dataset | None, held_back: Dataset | None, training: Dataset) -> Samples:
    """What to look at: what was given, else what is held back, else what is trained on."""
    if given is not None:
        return take(given, "given")
    if held_back is not None:
        return take(held_back, "validation")
    return take(training, "training")
