"""How far the answer moves under shift, scale, rotation, light and occlusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minicnn.errors import DataError
from minicnn.explain import Movement
from minicnn.explain.nuisances import NUISANCES, changed
from minicnn.typing import Array
from minicnn.viz.canvas import BLUE, GREY, ORANGE, new_figure, show
from minicnn.viz.lettering import legend, literal

STYLES = ((BLUE, "-", "o"), (ORANGE, "--", "^"), ("black", ":", "s"), (GREY, "-.", "D"))


def invariance(
    found: Mapping[str, Movement], classes: Sequence[str], picture: Array | None = None
) -> Any:
    """A column for each nuisance; a line for each class that pictures were taken for, unchanged.
    More than four classes share one line.

    Above: how large a share of the answers stays the same. Below: the median of the lead, which
    is the score of that class less the best other one; the answer changes where it falls below 0.
    ``picture`` (H, W, 3) or (H, W, 1), uint8, is shown under the least and the most of each.
    """
    if not found:
        raise DataError("invariance: expected what mc.explain.invariance(model, x) gives, got none")
    tops = 0 if picture is None else 1
    figure = new_figure(1.95 * len(found), 3.7 + 1.3 * tops)
    figure.get_layout_engine().set(rect=(0, 0, 1, 0.97 if tops else 1))  # room for their titles
    grid = figure.add_gridspec(2 + tops, len(found), height_ratios=[0.8] * tops + [1, 1])
    below: Any = None  # all leads on one scale
    for column, (name, movement) in enumerate(found.items()):
        if picture is not None:
            _extremes(figure, grid[0, column], name, movement, picture)
        share = figure.add_subplot(grid[tops, column])
        leads = below = figure.add_subplot(grid[tops + 1, column], sharey=below)
        for axes in (share, leads):
            axes.axvline(movement.none, color=GREY, linewidth=1, linestyle=":")
            axes.spines[["top", "right"]].set_visible(False)
            axes.tick_params(labelsize=8)
            if NUISANCES[name].none == 1:  # factors: half and double are equally far from 1
                axes.set_xscale("log")
                _plain_ticks(axes, movement.amounts)
        leads.axhline(0, color=GREY, linewidth=1)
        for (who, here), (colour, line, marker) in zip(
            _groups(movement, classes), STYLES, strict=False
        ):
            if here.any():
                style = {"color": colour, "marker": marker, "markersize": 3.5, "label": who}
                share.plot(movement.amounts, movement.kept[:, here].mean(axis=1), line, **style)
                leads.plot(
                    movement.amounts, np.median(movement.leads[:, here], axis=1), line, **style
                )
        share.set_ylim(-0.04, 1.04)
        share.set_title(literal(name), fontsize=10)
        leads.set_xlabel(movement.unit, fontsize=8)
        if column == 0:
            share.set_ylabel("answers that stay", fontsize=8)
            leads.set_ylabel("lead of the answer", fontsize=8)
            drawn = share.get_lines()[1:]  # after the line of no change
            legend(share, drawn, [line.get_label() for line in drawn], fontsize=8,
                   loc="lower center", title="answer", title_fontsize=8)  # fmt: skip
    return figure


def _groups(movement: Movement, classes: Sequence[str]) -> list[tuple[str, Array]]:
    """Whose answers share a line: those of one class; of all, if there are more than styles."""
    if len(classes) > len(STYLES):
        return [(f"any of {len(classes)} classes", np.ones(len(movement.classes), bool))]
    return [(name, movement.classes == k) for k, name in enumerate(classes)]


def _extremes(figure: Any, cell: Any, name: str, movement: Movement, picture: Array) -> None:
    """The picture under the least and the most of a nuisance, side by side."""
    pair = cell.subgridspec(1, 2, wspace=0.02)
    for place, amount in enumerate((movement.amounts.min(), movement.amounts.max())):
        axes = figure.add_subplot(pair[place])
        show(axes, changed(name, picture[None], float(amount), movement.fill)[0])
        axes.set_title(f"{amount:g}", fontsize=8)


def _plain_ticks(axes: Any, amounts: Array) -> None:
    """The least, 1 and the most, written out."""
    ticks = [float(amounts.min()), 1.0, float(amounts.max())]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xticks([], minor=True)
