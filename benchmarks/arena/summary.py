"""Statements out of raw results: who is faster, by how much, how sure. Pure functions.

They take the plain dictionaries that the JSON file holds, so an old run can be read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from benchmarks.arena import ratios
from benchmarks.arena.goals import GOALS, SHARE_GOAL, SHARE_MOONSHOT
from benchmarks.arena.opponents import HOME, ROSTER
from benchmarks.arena.opponents.yardstick import FLOPS

Record: TypeAlias = Mapping[str, Any]
FAMILY = {entry.name: entry.side for entry in ROSTER}


@dataclass(frozen=True)
class Standing:
    """One entry in one bout."""

    entry: str
    seconds: ratios.Spread
    images_per_second: float
    share_of_gemm: float


@dataclass(frozen=True)
class Duel:
    """minicnn against the faster entry of a family, in one bout."""

    family: str
    entry: str
    ratio: ratios.Spread
    ratio_of_medians: float


@dataclass(frozen=True)
class Verdict:
    what: str
    value: float
    low: float
    high: float
    goal: float
    moonshot: float
    word: str


def gemm_rate(bout: Record) -> float:
    """Floating-point operations a second of the yardstick, in this very bout."""
    return FLOPS / ratios.step_seconds(bout["gemm"]).median


def standings(bout: Record) -> list[Standing]:
    found = []
    for entry, rounds in bout["samples"].items():
        seconds = ratios.step_seconds(rounds)
        share = ratios.share_of_peak(bout["multiply_adds"], seconds.median, gemm_rate(bout))
        found.append(Standing(entry, seconds, bout["batch"] / seconds.median, share))
    return found


def duels(bout: Record) -> list[Duel]:
    """Nothing if minicnn did not take part."""
    samples = dict(bout["samples"])
    ours = samples.pop(HOME.name, None)
    if ours is None:
        return []
    families: dict[str, dict[str, Any]] = {}
    for entry, rounds in samples.items():
        families.setdefault(FAMILY[entry], {})[entry] = rounds
    found = []
    for family, members in families.items():
        best = ratios.fastest(members)
        rounds = members[best]
        found.append(
            Duel(family, best, ratios.ratio(ours, rounds), ratios.ratio_of_medians(ours, rounds))
        )
    return found


def memory_ratio(first_steps: Sequence[Record], family: str) -> float | None:
    """Peak of training: ours over the leanest of the family's entries."""
    peaks = {
        record["entry"]: record["train_peak_bytes"]
        for record in first_steps
        if record["workload"] == "mission"
    }
    theirs = [peak for entry, peak in peaks.items() if FAMILY[entry] == family]
    if HOME.name not in peaks or not theirs:
        return None
    return float(peaks[HOME.name] / min(theirs))


def disturbance(results: Record) -> float:
    """Cores that strangers kept busy while somebody's turn was being timed, on average."""
    seconds = sum(bout["turn_seconds"] for bout in results["headline"])
    return sum(bout["outside_cpu_seconds"] for bout in results["headline"]) / seconds


def judge(value: float, goal: float, moonshot: float) -> str:
    """Less is better; where more is better, hand in the negatives."""
    if value <= moonshot:
        return "moonshot"
    return "goal" if value <= goal else "short"


def verdicts(results: Record) -> Iterator[Verdict]:
    """Each goal against what the headline bouts gave."""
    bouts = {bout["task"]: bout for bout in results["headline"]}
    for goal in GOALS:
        name = f"{goal.what} / {goal.family}"
        if goal.what == "memory":
            value = memory_ratio(results["first_steps"], goal.family)
            if value is not None:
                word = judge(value, goal.goal, goal.moonshot)
                yield Verdict(name, value, value, value, goal.goal, goal.moonshot, word)
            continue
        for duel in duels(bouts[goal.what]):
            if duel.family == goal.family:
                r = duel.ratio
                word = judge(r.median, goal.goal, goal.moonshot)
                yield Verdict(name, r.median, r.low, r.high, goal.goal, goal.moonshot, word)
    for standing in standings(bouts["train"]):
        if standing.entry == HOME.name:
            share, s = standing.share_of_gemm, standing.seconds
            low, high = share * s.median / s.high, share * s.median / s.low
            word = judge(-share, -SHARE_GOAL, -SHARE_MOONSHOT)
            yield Verdict("share of GEMM rate", share, low, high, SHARE_GOAL, SHARE_MOONSHOT, word)


def summarize(results: Record) -> dict[str, Any]:
    """The statements of a whole run, ready for JSON."""
    every = [bout for key in ("headline", "networks") for bout in results[key]]
    return {
        "disturbance_cores": disturbance(results),
        "verdicts": [asdict(verdict) for verdict in verdicts(results)],
        "bouts": [
            {
                "workload": bout["workload"],
                "task": bout["task"],
                "batch": bout["batch"],
                "gemm_flops_per_second": gemm_rate(bout),
                "standings": [asdict(standing) for standing in standings(bout)],
                "duels": [asdict(duel) for duel in duels(bout)],
            }
            for bout in every
        ],
    }
