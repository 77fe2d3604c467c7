"""The run as one picture: the headline, and how time grows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import NullFormatter

from benchmarks.arena import ratios
from benchmarks.arena.opponents import HOME
from benchmarks.arena.summary import Record, standings

plt.rcParams["svg.fonttype"] = "none"  # letters stay text: a quarter of the size

COLOURS = ("#d1495b", "#00798c", "#66a182", "#8d96a3", "#2e4057", "#edae49")

GROWTHS = (("by_batch", "batch"), ("by_image", "image"), ("by_threads", "threads"))
LABELS = {"batch": "images in a batch", "image": "pixels a side", "threads": "threads"}


def colours(results: Record) -> dict[str, str]:
    names = list(results["headline"][0]["samples"])
    return dict(zip(names, COLOURS, strict=False))


def draw(results: Record, path: Path) -> None:
    growths = [(key, size) for key, size in GROWTHS if results[key]]
    columns = 1 + len(growths)
    figure, axes = plt.subplots(2, columns, figsize=(4.6 * columns, 7.5), squeeze=False)
    for row, task in enumerate(("train", "predict")):
        dots(axes[row][0], results, task)
        for ax, (key, size) in zip(axes[row][1:], growths, strict=True):
            lines(ax, results, key, size, task)
    machine = results["about"]["machine"]
    figure.suptitle(
        f"Mission network on {machine['processor']}, {machine['cores']} cores, "
        f"{results['about']['date'][:10]}"
    )
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)


def dots(ax: Any, results: Record, task: str) -> None:
    """Not bars: on a logarithmic axis a bar's length means nothing."""
    bout = next(bout for bout in results["headline"] if bout["task"] == task)
    paint = colours(results)
    for place, standing in enumerate(reversed(standings(bout))):
        s, colour = standing.seconds, paint[standing.entry]
        ends = [[1e3 * (s.median - s.low)], [1e3 * (s.high - s.median)]]
        ax.errorbar(1e3 * s.median, place, xerr=ends, fmt="o", color=colour, capsize=3)
        text = f"{1e3 * s.median:.{1 if s.median < 0.1 else 0}f}"
        ax.annotate(text, (1e3 * s.median, place + 0.15), ha="center")
    ax.set_yticks(range(len(paint)), list(reversed(paint)))
    ax.set_ylim(-0.5, len(paint) - 0.3)
    ax.set_xscale("log")
    ax.margins(x=0.15)
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel("milliseconds a step")
    ax.set_title(f"{task}, batch {bout['batch']}")


def lines(ax: Any, results: Record, key: str, size: str, task: str) -> None:
    paint = colours(results)
    for entry, colour in paint.items():
        bouts = [b for b in results[key] if b["task"] == task and entry in b["samples"]]
        if bouts:
            per_image = [
                1e3 * ratios.step_seconds(b["samples"][entry]).median / b["batch"] for b in bouts
            ]
            width = 2.4 if entry == HOME.name else 1.2
            sizes = [b[size] for b in bouts]
            ax.plot(sizes, per_image, "o-", ms=3, lw=width, color=colour, label=entry)
    if size == "batch":
        ax.set_xscale("log", base=2)
    if size == "threads":
        ax.set_xticks(sorted({bout["threads"] for bout in results[key]}))
    ax.set_ylim(bottom=0)
    ax.set_xlabel(LABELS[size])
    ax.set_ylabel("milliseconds an image")
    ax.set_title(f"{task}, by {size}")
    ax.legend(fontsize=7)
