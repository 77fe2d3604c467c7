"""The page, from top to bottom: one file of HTML without scripts, links to elsewhere,
or anything that a browser would have to fetch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from minicnn.model.summary import megabytes
from minicnn.report.curves import best_epoch, curves, reading
from minicnn.report.markup import Html, join, name, table, tag
from minicnn.report.story import MEMORY, Story
from minicnn.report.timings import speed, timings
from minicnn.report.words import OF_ONE, counted, duration, figure, moment
from minicnn.version import __version__

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'"
STYLE = Path(__file__).with_name("style.css")
SIGNS = {"running": "●", "finished": "✓", "stopped": "■", "interrupted": "‖", "failed": "✕"}


def page(story: Story) -> str:
    """The whole file."""
    title = f"{story.title}: training report"
    sections = _sections(story)
    body = tag(
        "body",
        tag("a", "Skip to the report", href="#main", class_="skip"),
        _header(story),
        tag(
            "div",
            _contents([(id_, heading) for id_, heading, _ in sections]),
            tag(
                "main",
                *(_section(id_, heading, inside) for id_, heading, inside in sections),
                id="main",
                tabindex=-1,
            ),
            class_="body",
        ),
        tag("footer", tag("p", f"Written by minicnn {__version__}. One file: it can be kept, sent "
            "and printed as it is, and it fetches nothing.")),
    )  # fmt: skip
    return f"<!doctype html>\n{tag('html', _head(story, title), body, lang='en')}\n"


def _head(story: Story, title: str) -> Html:
    is_going_on = story.kind == "running" and story.refresh > 0
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", http_equiv="refresh", content=story.refresh) if is_going_on else None,
        tag("meta", name="generator", content=f"minicnn {__version__}"),
        tag("meta", name=MEMORY, content=story.memory()),
        tag("title", f"{SIGNS[story.kind]} {title}"),
        tag("style", Html(STYLE.read_text(encoding="utf-8"))),
    )


def _header(story: Story) -> Html:
    again = None
    if story.kind == "running" and story.refresh:
        again = tag(
            "p", f"This page loads itself anew every {counted(story.refresh, 'second')} until the "
            "run ends. If the time above is long past, the run was killed.", class_="reading",
        )  # fmt: skip
    return tag(
        "header",
        tag("p", "minicnn · training report", class_="kicker"),
        tag("h1", name(story.title)),
        tag(
            "p", tag("span", SIGNS[story.kind], class_="sign", aria_hidden="true"), " ",
            tag("strong", story.kind), ": ", story.words, class_=f"status {story.kind}",
            role="status",
        ),
        tag("p", "Begun ", moment(story.begun), " · refreshed ", moment(story.written),
            class_="reading"),
        again,
    )  # fmt: skip


def _contents(sections: list[tuple[str, str]]) -> Html:
    links = (tag("li", tag("a", heading, href=f"#{id_}")) for id_, heading in sections)
    return tag("nav", tag("ol", *links), aria_label="On this page")


def _section(id_: str, heading: str, inside: Html) -> Html:
    label = f"{id_}-heading"
    return tag("section", tag("h2", heading, id=label), inside, id=id_, aria_labelledby=label)


def _sections(story: Story) -> list[tuple[str, str, Html]]:
    drawn = story.pictures.parts
    pictures = [drawn.get("missing"), _when(story)]
    return [
        ("result", "Result", headlines(story)),
        (
            "curves",
            "How training went",
            join([tag("p", reading(story), class_="reading"), curves(story)]),
        ),
        ("answers", "Right and wrong", join([*pictures, drawn.get("answers")])),
        ("sees", "What the network sees", join([*pictures, drawn.get("sees")])),
        ("network", "The network", join([_summary(story.model), drawn.get("network")])),
        (
            "settings",
            "Settings",
            join([_pairs("How the run was set up", story.settings), drawn.get("settings")]),
        ),
        ("time", "Time", timings(story)),
        ("environment", "Environment", _pairs("What it ran on", story.environment)),
    ]


def _when(story: Story) -> Html:
    """How old the pictures are, unless they are of the end."""
    done, after = len(story.history.epochs), story.pictures.after
    last = story.history.epochs[-1] + 1 if done else 0
    if not story.pictures.parts:
        later = "They were not drawn, because the run did not come to its end."
        if story.kind == "running":
            later = "They come at the end, or before if there is time."
        return tag("p", f"No pictures yet. {later}", class_="note")
    if after == last and story.kind != "running":
        return Html()
    return tag("p", f"As the network was after epoch {after}.", class_="note")


def headlines(story: Story) -> Html:
    """The figures that one looks for first."""
    series, epochs = story.series(), story.history.epochs
    cards: list[tuple[str, str, str]] = []
    best = best_epoch(series)
    for figure_name in [n for n in series if n.removeprefix("val_").endswith((*OF_ONE, "loss"))]:
        held_back = figure_name.startswith("val_")
        if f"val_{figure_name}" in series or not epochs:
            continue  # what counts is the figure on samples it was never trained on
        values = series[figure_name]
        what = f"{'validation' if held_back else 'training'} {figure_name.removeprefix('val_')}"
        remark = f"epoch {epochs[-1] + 1}"
        if best is not None and best != len(epochs) - 1:
            remark += f"; {figure(figure_name, values[best])} in epoch {epochs[best] + 1}"
        cards.append((what.capitalize(), figure(figure_name, values[-1]), remark))
    cards.sort(key=lambda card: card[0].endswith("loss"))
    known = {value for _, value, _ in cards}  # after the best epoch's weights are back, it differs
    cards += [fact for fact in story.pictures.facts if fact[1] not in known]
    if best is not None:
        cards.append(
            ("Best epoch", f"{epochs[best] + 1}", f"of {len(epochs)}: lowest validation loss")
        )
    cards.append(("Time", duration(story.seconds), counted(len(epochs), "epoch")))
    if rate := speed(story):
        cards.append((f"{story.samples_are.capitalize()} a second", f"{rate:,.0f}", "in training"))
    return tag("dl", *(
        tag("div", tag("dt", what), tag("dd", tag("b", value), " ", tag("span", remark)))
        for what, value, remark in cards
    ), class_="cards")  # fmt: skip


def _summary(model: Any) -> Html:
    """The table of ``model.summary``."""
    summary = model.summary(print_fn=None)
    rows = [
        [
            join([tag("span", "· " * row.depth, aria_hidden="true") if row.depth else None,
                  name(row.name)]),
            row.kind, "×".join(map(str, row.output_shape)), f"{row.params:,}",
            f"{row.multiply_adds:,}",
        ]
        for row in summary.rows
    ]  # fmt: skip
    shape = "×".join(map(str, summary.input_shape))
    return join([
        tag("p", f"From {shape} numbers: {summary.total:,} parameters "
            f"({megabytes(summary.total * summary.itemsize)}), {summary.trainable:,} of them "
            f"trained; {summary.multiply_adds:,} multiply-adds for each sample."),
        table("Layers", ["layer", "type", "output", "parameters", "multiply-adds"], rows,
              class_="numbers layers"),
    ])  # fmt: skip


def _pairs(caption: str, pairs: list[tuple[str, str]]) -> Html:
    rows = [[what, name(value)] for what, value in pairs]
    return table(caption, ["what", "value"], rows, class_="pairs")
