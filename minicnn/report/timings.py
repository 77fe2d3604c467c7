"""Where the time went, and how fast it was."""

from __future__ import annotations

from statistics import median

from minicnn.report.chart import Chart, Line
from minicnn.report.markup import Html, join, table, tag
from minicnn.report.story import Story
from minicnn.report.words import counted, duration, percent


def timings(story: Story) -> Html:
    """A bar for each part of the work, the speed of every epoch, and the numbers."""
    times = [story.times[e] for e in sorted(story.times)]
    if not any(t.total for t in times):
        return tag("p", "Nothing has taken any time yet.", class_="note")
    inside = {
        "Training steps": (sum(t.steps for t in times), "forward, backward, update, figures"),
        "Waiting for data": (sum(t.waiting for t in times), "cut, decoded or augmented too late"),
        "Validation": (sum(t.validation for t in times), "after each epoch"),
        "Callbacks": (
            max(sum(t.callbacks for t in times) - story.spent_here, 0.0),
            "checkpoints, logs and the like",
        ),
        "This page": (story.spent_here, "its pictures included"),
    }
    rest = story.seconds - sum(seconds for seconds, _ in inside.values())
    inside["Everything else"] = max(rest, 0.0), "to begin, and between"
    whole = max(story.seconds, sum(seconds for seconds, _ in inside.values()), 1e-9)
    rows: list[list[str | None]] = [
        [part, duration(seconds), percent(seconds / whole), _bar(seconds / whole), remark]
        for part, (seconds, remark) in inside.items()
    ]
    if story.spent_after:
        rows.append(["Last pictures", duration(story.spent_after), "–", None, "after training"])
    return join([
        table("Where the time went", ["part", "time", "share", "", "what it is"], rows,
              class_="bars"),
        _speed(story),
    ])  # fmt: skip


def speed(story: Story) -> float:
    """Samples a second in training: the median of the epochs, as one may have been disturbed."""
    return median([t.speed for t in story.times.values() if t.speed] or [0.0])


def _bar(share: float) -> Html:
    return tag("span", class_="bar", style=f"--share:{share:.4f}", aria_hidden="true")


def _speed(story: Story) -> Html:
    done = [story.times[e] for e in story.history.epochs if e in story.times]
    if not done:
        return Html()
    kind, epochs, speeds = story.samples_are, [t.epoch + 1 for t in done], [t.speed for t in done]
    words = (
        f"{kind.capitalize()} a second in each of {counted(len(done), 'epoch')}: from "
        f"{min(speeds):,.0f} to {max(speeds):,.0f}, median {median(speeds):,.0f}."
    )
    chart = Chart(epochs, [Line(f"{kind} a second", speeds)], words, from_zero=True)
    head = ["epoch", "steps", "waiting", "validation", "callbacks", f"{kind} a second"]
    rows = [
        [f"{t.epoch + 1:,}", *map(duration, (t.steps, t.waiting, t.validation, t.callbacks)),
         f"{t.speed:,.0f}"]
        for t in done
    ]  # fmt: skip
    numbers = tag(
        "details", tag("summary", "The numbers behind it"),
        table("The time of every epoch", head, rows, class_="numbers"),
    )  # fmt: skip
    title = tag("figcaption", tag("h3", f"{kind} a second in training"))
    return join([tag("div", tag("figure", title, chart.svg(), class_="card"), class_="charts"),
                 numbers])  # fmt: skip
