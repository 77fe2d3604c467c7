"""What is right and what is wrong: the confusion matrix, and the pictures to look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minicnn.metrics import accuracy
from minicnn.report.images import photograph
from minicnn.report.looking import Answers
from minicnn.report.markup import Html, join, name, scrolling, table, tag
from minicnn.report.words import counted, percent
from minicnn.viz.mistakes import most_doubtful, most_mistaken

MOST = 12  # pictures of a kind
WIDEST = 30  # classes of a confusion matrix; with more, the worst confusions are listed


def right_and_wrong(answers: Answers) -> Html:
    """The table; then the pictures, if the samples are pictures."""
    counts = answers.table
    wrong = int(counts.sum() - np.trace(counts))
    samples, source = answers.samples, of_what(answers)
    parts = [
        tag(
            "p",
            f"Of {source}, the network is right on {int(np.trace(counts)):,} "
            f"({percent(accuracy(counts))}) and wrong on {wrong:,}.",
        ),
        confusion(answers) if len(answers.classes) <= WIDEST else confusions(answers),
    ]
    if samples.are_pictures:
        mistaken = most_mistaken(samples.y, answers.predicted)[:MOST]
        doubtful = most_doubtful(answers.predicted)[:MOST]
        parts += [
            tag("h3", "Most mistaken"),
            gallery(answers, mistaken) if mistaken else tag("p", "No mistakes.", class_="note"),
            _caption("The true class got the least probability, the worst first. Is the label "
                     "wrong, the picture odd, or is it of a kind that was never learnt?"),
            tag("h3", "Least sure"),
            gallery(answers, doubtful),
            _caption("The two likeliest classes lie closest together, the closest first. Here more "
                     "pictures of the kind would teach it most."),
        ]  # fmt: skip
    return join(parts)


def of_what(answers: Answers) -> str:
    """Which samples these are, in words."""
    samples = answers.samples
    kinds = {
        "validation": f"validation {samples.kind}",
        "training": f"training {samples.kind}",
        "given": f"{samples.kind}",
    }
    words = counted(len(samples.x), kinds[samples.source])
    return words if samples.all_of_it else f"{words}, spread over all"


def confusion(answers: Answers) -> Html:
    """The matrix as a table: counts, shaded by their share of the true class."""
    counts = answers.table
    totals = counts.sum(axis=1)
    head: list[Html | str] = ["is ↓  taken for →", *map(name, answers.classes), "right"]
    heads = join(tag("th", cell, scope="col") for cell in head)
    rows = []
    for k, class_name in enumerate(answers.classes):
        cells = [
            _cell(int(n), int(totals[k]), is_right=k == column)
            for column, n in enumerate(counts[k])
        ]
        recall = percent(counts[k, k] / totals[k]) if totals[k] else "–"
        rows.append(tag("tr", tag("th", name(class_name), scope="row"), *cells, tag("td", recall)))
    return tag(
        "figure",
        scrolling(
            tag("table", tag("caption", "Confusion matrix"), tag("thead", tag("tr", heads)),
                tag("tbody", *rows), class_="confusion"),
            "confusion matrix",
        ),
        _caption(
            "A row for each true class, a column for what it was taken for; the diagonal (framed) "
            "is right. The darker a cell, the larger its share of the row."
        ),
        class_="card",
    )  # fmt: skip


def _cell(n: int, total: int, is_right: bool) -> Html:
    share = n / total if total else 0.0
    return tag(
        "td", tag("b", f"{n:,}"), " ", tag("small", percent(share)),
        class_="hit" if is_right else None, style=f"--share:{share:.3f}",
    )  # fmt: skip


def confusions(answers: Answers) -> Html:
    """The most frequent confusions, where a matrix would be too wide to read."""
    counts = answers.table
    np.fill_diagonal(counts, 0)
    places = [divmod(int(k), len(counts)) for k in np.argsort(-counts, axis=None)[:20]]
    rows = [
        [name(answers.classes[i]), name(answers.classes[j]), f"{counts[i, j]:,}"]
        for i, j in places
        if counts[i, j]
    ]
    return table("The most frequent confusions", ["is", "taken for", "how often"], rows)


def gallery(answers: Answers, places: Sequence[int]) -> Html:
    """Pictures with what they are and what they were taken for."""
    samples = answers.samples
    return tag("ul", *(
        tag("li", tag(
            "figure",
            photograph(samples.x[i], f"{samples.names[i]}: {answers.verdict(i)}"),
            tag("figcaption", name(answers.verdict(i)), tag("small", name(samples.names[i]))),
        )) for i in places
    ), class_="gallery")  # fmt: skip


def _caption(words: str) -> Html:
    return tag("p", words, class_="reading")
