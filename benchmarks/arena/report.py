"""The run as text: Markdown tables that also read well in a terminal. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.arena import ratios
from benchmarks.arena.ratios import Spread
from benchmarks.arena.summary import Record, disturbance, duels, gemm_rate, standings, verdicts

MIB = 2**20
QUIET = 0.05  # cores; thread pools with barriers suffer most when one of their cores is taken


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """First column to the left, figures to the right.

    >>> print(table(["who", "ms"], [["minicnn", "70"], ["a", "101"]]))
    | who     |  ms |
    |:--------|----:|
    | minicnn |  70 |
    | a       | 101 |
    """
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first, *rest = zip(cells, widths, strict=True)
        padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * (width + 1) for width in widths]
    ruler = f"|:{rule[0]}|{''.join(f'{dashes}:|' for dashes in rule[1:])}"
    return "\n".join([line(head), ruler, *map(line, rows)])


def milliseconds(spread: Spread) -> str:
    """Three figures are more than a noisy machine can promise."""
    ms = [1e3 * s for s in (spread.median, spread.low, spread.high)]
    digits = 0 if ms[0] >= 100 else 1 if ms[0] >= 10 else 2
    return f"{ms[0]:.{digits}f} ({ms[1]:.{digits}f}–{ms[2]:.{digits}f})"


def times(spread: Spread) -> str:
    return f"{spread.median:.2f} ({spread.low:.2f}–{spread.high:.2f})"


def render(results: Record) -> str:
    parts = [about(results), *headline(results)]
    if results["networks"]:
        parts += ["## Other work, milliseconds a step", networks(results["networks"])]
    for key, size in (("by_batch", "batch"), ("by_image", "image"), ("by_threads", "threads")):
        if results[key]:
            parts += [f"## Mission network by {size}, milliseconds a step"]
            parts += [growth(results[key], size)]
    for breakdown in results["by_layer"]:
        what = f"{breakdown['workload']} {breakdown['batch']}, {breakdown['task']}"
        parts += [f"## Where minicnn's time goes: {what}", by_layer(breakdown)]
    parts += ["## Peak memory of training, MiB, each in a fresh process"]
    parts += [memory(results["first_steps"])]
    return "\n\n".join(parts) + "\n"


def about(results: Record) -> str:
    facts = results["about"]
    machine = facts["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    stolen = disturbance(results)
    caches = ", ".join(f"{level} {size}" for level, size in machine["caches"].items())
    return (
        f"{facts['date']}, {machine['processor']}, {machine['cores']} cores ({caches}), "
        f"Python {machine['python']}, {versions}.\n"
        "Medians, with the quartiles in brackets. Other processes kept "
        f"{stolen:.2f} cores busy during the turns: "
        + ("quiet." if stolen <= QUIET else "NOT QUIET, not even the ratios can be trusted.")
    )


def headline(results: Record) -> Iterator[str]:
    bouts = {bout["task"]: bout for bout in results["headline"]}
    train = {standing.entry: standing for standing in standings(bouts["train"])}
    predict = {standing.entry: standing for standing in standings(bouts["predict"])}
    fresh = {r["entry"]: r for r in results["first_steps"] if r["workload"] == "mission"}
    yield f"## Mission network, batch {bouts['train']['batch']}"
    yield table(
        ["", "train ms", "images/s", "of GEMM", "predict ms", "peak MiB", "start s"],
        [
            [
                name,
                milliseconds(train[name].seconds),
                f"{train[name].images_per_second:.0f}",
                f"{train[name].share_of_gemm:.0%}",
                milliseconds(predict[name].seconds),
                f"{fresh[name]['train_peak_bytes'] / MIB:.0f}" if name in fresh else "–",
                f"{fresh[name]['start_seconds']:.1f}" if name in fresh else "–",
            ]
            for name in train
        ],
    )
    frozen = sum(bout["frozen_cpu_seconds"] for bout in bouts.values())
    yield (
        f"GEMM rate (2048³, float32): {gemm_rate(bouts['train']) / 1e9:.0f} GFLOP/s. "
        f"Frozen opponents used {frozen:.2f} s of processor time during others' turns."
    )
    judged = list(verdicts(results))
    if judged:
        yield "minicnn over the best of each family, against the project's goals:"
        yield table(
            ["", "measured", "goal", "moonshot", "reached"],
            [
                [
                    v.what,
                    times(Spread(v.value, v.low, v.high)),
                    f"{v.goal:.2f}",
                    f"{v.moonshot:.2f}",
                    v.word,
                ]
                for v in judged
            ],
        )


def networks(bouts: Sequence[Record]) -> str:
    """A column an entry, and minicnn over each family's better."""
    entries = list(bouts[0]["samples"])
    families = [duel.family for duel in duels(bouts[0])]
    rows = []
    for bout in bouts:
        seconds = {standing.entry: standing.seconds for standing in standings(bout)}
        ratio_to = {duel.family: duel.ratio for duel in duels(bout)}
        rows.append(
            [
                f"{bout['workload']} {bout['batch']}, {bout['task']}",
                *(milliseconds(seconds[entry]) for entry in entries),
                *(times(ratio_to[family]) for family in families),
            ]
        )
    return table(["", *entries, *(f"/ {family}" for family in families)], rows)


def growth(bouts: Sequence[Record], size: str) -> str:
    """Entries that stayed away from a size show a dash."""
    entries = list(dict.fromkeys(entry for bout in bouts for entry in bout["samples"]))
    rows = []
    for bout in bouts:
        cells = [
            milliseconds(ratios.step_seconds(bout["samples"][entry]))
            if entry in bout["samples"]
            else "–"
            for entry in entries
        ]
        rows.append([f"{bout['task']}, {size} {bout[size]}", *cells])
    return table(["", *entries], rows)


def by_layer(breakdown: Record) -> str:
    """Medians over the turns, and the share of each layer in their sum."""
    turns = breakdown["turns"]
    rows = [
        (
            layer["layer"],
            *(median(1e3 * turn[i][way] for turn in turns) for way in ("forward", "backward")),
        )
        for i, layer in enumerate(turns[0])
    ]
    total = sum(forward + backward for _, forward, backward in rows)
    return table(
        ["", "forward ms", "backward ms", "share"],
        [
            [name, f"{forward:.2f}", f"{backward:.2f}", f"{(forward + backward) / total:.0%}"]
            for name, forward, backward in rows
        ],
    )


def memory(first_steps: Sequence[Record]) -> str:
    """Peak resident memory of ten training steps, each in a fresh process."""
    workloads = list(dict.fromkeys(record["workload"] for record in first_steps))
    peaks = {(r["entry"], r["workload"]): r["train_peak_bytes"] for r in first_steps}
    bare = {record["entry"]: record["import_peak_bytes"] for record in first_steps}
    return table(
        ["", "imported", *workloads],
        [
            [
                entry,
                f"{bare[entry] / MIB:.0f}",
                *(f"{peaks[entry, workload] / MIB:.0f}" for workload in workloads),
            ]
            for entry in bare
        ],
    )
