"""How classifiers bear up as one nuisance after another is turned up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from minicnn.errors import DataError
from minicnn.viz.canvas import BLUE, GREY, ORANGE, new_figure
from minicnn.viz.lettering import legend, literal

STYLES = ((ORANGE, "--", "s"), (BLUE, "-", "o"), ("black", ":", "^"), (GREY, "-.", "D"))
COLUMNS = 4
LOWEST = 0.35  # a little below guessing, unless somebody is worse


def nuisances(
    levels: Sequence[float], accuracies: Mapping[str, Mapping[str, Sequence[float]]]
) -> Any:
    """A panel for each nuisance, a line for each classifier: accuracy over how far it is turned up.

    ``accuracies["light"]["network"]`` are the accuracies of one classifier at the levels.
    """
    if not any(accuracies.values()):
        raise DataError(
            "nuisances: expected accuracies of at least one classifier, got none; try some"
        )
    for name, lines in accuracies.items():
        wrong = {who: len(shares) for who, shares in lines.items() if len(shares) != len(levels)}
        if wrong:
            raise DataError(
                f"nuisances: expected an accuracy for each of {len(levels)} levels, got "
                f"{wrong} under {name!r}; try each classifier at every level"
            )
        if len(lines) > len(STYLES):
            raise DataError(
                f"nuisances: expected at most {len(STYLES)} classifiers, got {len(lines)} under "
                f"{name!r}; draw them in several figures"
            )
    rows = -(-(len(accuracies) + 1) // COLUMNS)  # one place is left for the legend
    figure = new_figure(2.3 * COLUMNS, 2.1 * rows)
    worst = min(
        share for lines in accuracies.values() for shares in lines.values() for share in shares
    )
    panels = figure.subplots(rows, COLUMNS, squeeze=False, sharex=True, sharey=True).flat
    for axes, (name, lines) in zip(panels, accuracies.items(), strict=False):
        axes.axhline(0.5, color=GREY, linewidth=1)
        axes.text(levels[0], 0.49, "guessing", fontsize=7, va="top", color="#555555")
        for (who, shares), (colour, line, marker) in zip(lines.items(), STYLES, strict=False):
            axes.plot(levels, shares, line, marker=marker, markersize=4, color=colour, label=who)
        axes.set_title(literal(name), fontsize=10)
        axes.set_ylim(min(LOWEST, worst - 0.03), 1.03)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8, labelbottom=True)
    for axes in figure.axes[len(accuracies) :]:
        axes.axis("off")
    lines_of_first = figure.axes[0].get_lines()[1:]  # after the line of those who guess
    who_is_who = next(iter(accuracies.values()))
    legend(figure.axes[len(accuracies)], lines_of_first, who_is_who, fontsize=8, loc="center")
    figure.supylabel("share that is right", fontsize=9)
    figure.supxlabel("how far the nuisance is turned up", fontsize=9)
    return figure
