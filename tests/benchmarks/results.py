"""A made-up run with round numbers, shaped like the runner's JSON."""

from __future__ import annotations

from typing import Any

from benchmarks.arena.opponents.yardstick import FLOPS

MIB = 2**20


def bout(task: str, milliseconds: dict[str, float], **changes: Any) -> dict[str, Any]:
    """Three rounds; in the second the whole machine is twice as slow."""
    slowness = (1.0, 2.0, 1.0)
    return {
        "workload": "mission",
        "task": task,
        "batch": 20,
        "image": 150,
        "threads": 2,
        "multiply_adds": 10**9,
        "samples": {
            name: [[ms / 1e3 * slow] * 2 for slow in slowness] for name, ms in milliseconds.items()
        },
        "gemm": [[FLOPS / 100e9]] * 3,  # 100 GFLOP/s
        "turn_seconds": 10.0,
        "frozen_cpu_seconds": 0.0,
        "outside_cpu_seconds": 0.1,
        **changes,
    }


def fresh(entry: str, peak: int) -> dict[str, Any]:
    return {
        "workload": "mission",
        "entry": entry,
        "import_seconds": 1.0,
        "start_seconds": 2.5,
        "import_peak_bytes": 100 * MIB,
        "train_peak_bytes": peak * MIB,
    }


def breakdown(task: str) -> dict[str, Any]:
    """Three turns, the second of a machine that is twice as slow."""

    def layer(name: str, forward: float, backward: float) -> dict[str, Any]:
        return {"layer": name, "forward": forward / 1e3, "backward": backward / 1e3}

    turns = [
        [layer("conv2d_1", 10 * slow, 20 * slow), layer("everything else", 10 * slow, 0.0)]
        for slow in (1, 2, 1)
    ]
    return {"workload": "mission", "task": task, "batch": 20, "turns": turns}


def run() -> dict[str, Any]:
    train = {
        "minicnn": 60.0,
        "pytorch": 120.0,
        "pytorch-channels-last": 80.0,
        "keras-xla": 100.0,
        "keras-graph": 40.0,
    }
    predict = {name: ms / 4 for name, ms in train.items()}
    return {
        "headline": [bout("train", train), bout("predict", predict)],
        "networks": [bout("train", train, workload="vgg", batch=64)],
        "by_batch": [
            bout("train", {**train, "dezero": 400.0}, batch=1),
            bout("predict", predict, batch=1),
            bout("train", train),
            bout("predict", predict),
        ],
        "by_image": [],
        "by_threads": [],
        "by_layer": [breakdown("train"), breakdown("predict")],
        "first_steps": [
            fresh("minicnn", 300),
            fresh("keras-xla", 1000),
            fresh("keras-graph", 600),
        ],
        "about": {
            "date": "2026-11-21T10:00:00+00:00",
            "machine": {"processor": "a CPU", "cores": 2, "caches": {"L2": "1M"}, "python": "3.11"},
            "versions": {"numpy": "2.4"},
        },
    }
