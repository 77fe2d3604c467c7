"""Training and prediction on a GPU, beside PyTorch: one command, one table.

    PYTHONPATH=. python benchmarks/gpu.py [--quick] [--tf32] [--budget SECONDS] [--out gpu.json]

Needs CuPy and a GPU, no network; without PyTorch it shows minicnn alone. First results are held
against float64, then times are taken in turns. Rows: the time of a step or a prediction; the
ratio to PyTorch's best *eager* layout (below 1, minicnn is faster); the share of the measured
peaks of arithmetic (products only) and of memory (each array that must move, moved once); kernels a
step, the share of the time between them, and memory. Compiled PyTorch comes last: when the budget
is spent, what is left of it is left out, and the table says so.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

import minicnn as mc
from benchmarks import gpu_probe
from benchmarks.arena.accounting import (
    draw_weights,
    multiply_adds,
    shape_after,
    walk,
    weight_shapes,
)
from benchmarks.arena.workloads import Workload, mission, resnet
from benchmarks.gpu_sides import Minicnn, exact, set_tf32, torch_sides

TASKS = ("train", "predict")


def least_bytes(workload: Workload, task: str) -> int:
    """Bytes that must cross the memory if every array that a layer reads or writes moves once.

    Training reads and writes maps three times (forward, dx, dW); of a weight it reads W twice,
    writes dW, and the update reads W, dW and v and writes W and v.
    """
    maps = sum(
        prod(shape) + prod(shape_after(layer, shape))
        for layer, shape in walk(workload.layers, workload.input_shape)
    )
    weights = sum(map(prod, weight_shapes(workload)))
    passes, touches = (3, 8) if task == "train" else (1, 1)
    return 4 * (passes * maps * workload.batch + touches * weights)


def check(side: Any, workload: Workload, weights: Any, truth: Any, tf32: bool) -> None:
    """Stop unless a side's predictions and its first loss are those of float64."""
    allowed = 2e-2 if tf32 else 2e-4
    said, loss = truth
    side.load(weights)
    gap = float(np.abs(side.predict() - said).max())
    first = side.train()[0]
    if not (gap <= allowed and abs(first - loss) <= allowed * loss):  # a NaN must not pass
        raise SystemExit(
            f"{side.name}, {workload.name}: predictions off by {gap:.1e}, first loss {first:.6g} "
            f"instead of {loss:.6g}; nothing was timed"
        )


def measure(workload: Workload, make_sides: Callable[[], list[Any]], tf32: bool) -> list[Any]:
    """A row for each side and task."""
    x, y = workload.draw_batch()
    weights = draw_weights(workload)
    small = Workload(workload.name, workload.input_shape, workload.classes, workload.layers, 20)
    few_x, few_y = small.draw_batch()
    truth = exact(small, weights, few_x, few_y)
    rows, sides = [], make_sides()
    for side in sides:
        side.prepare(small, few_x, few_y)
        check(side, small, weights, truth, tf32)
    for task in TASKS:
        memory: dict[str, float] = {}
        for side in sides:
            gc.collect()
            gpu_probe.free_memory()
            before = gpu_probe.used_memory()
            side.prepare(workload, x, y)
            side.load(weights)
            work = side.train if task == "train" else side.predict
            work()
            memory[side.name] = gpu_probe.used_memory() - before
        works = {s.name: s.train if task == "train" else s.predict for s in sides}
        times = gpu_probe.in_turns(works)
        rows += [
            {
                "network": workload.name,
                "batch": workload.batch,
                "task": task,
                "side": side.name,
                "ms": times[side.name],
                "memory": memory[side.name],
                "operations": 2 * multiply_adds(workload, task),
                "bytes": least_bytes(workload, task),
                **(gpu_probe.kernels(works[side.name]) or {}),
            }
            for side in sides
        ]
    return rows


def show(new: list[Any], rows: list[Any], peak: dict[str, float]) -> None:
    """Print new rows beside what eager PyTorch took for the same."""
    for row in new:
        eager = [
            r["ms"]
            for r in rows
            if r["side"].startswith("torch eager")
            and all(r[key] == row[key] for key in ("network", "batch", "task"))
        ]
        seconds = row["ms"] / 1e3
        cells = [
            f"{row['network']:8}{row['batch']:5}  {row['task']:8}{row['side']:30}",
            f"{row['ms']:9.3f} ms",
            f"{row['ms'] / min(eager):6.2f}" if eager else "     -",
            f"{row['operations'] / seconds / peak['operations']:6.0%} of arithmetic",
            f"{row['bytes'] / seconds / peak['bytes']:5.0%} of memory",
            f"{row['memory'] / 2**20:7.0f} MiB",
        ]
        if "kernels" in row:
            cells.append(f"{row['kernels']:5.0f} kernels, idle {row['idle']:4.0%}")
        print("  ".join(cells), flush=True)


def epoch_seconds(graphs: bool) -> float:
    """Over 2000 photographs of 150×150 on the GPU, in batches of 20: the best but the first."""
    os.environ["MINICNN_CUDA_GRAPHS"] = str(int(graphs))
    rng = np.random.default_rng(0)
    with mc.use_backend("cupy") as ops:
        x = ops.asarray(rng.integers(0, 256, (2000, 150, 150, 3), dtype=np.uint8))
        y = rng.integers(0, 2, 2000)
        model = mc.zoo.catdog()
        model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
        times: list[float] = []

        class Clock(mc.Callback):
            def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
                times.append(time.perf_counter())

        model.fit(x, y, batch_size=20, epochs=3, verbose=0, callbacks=[Clock()])
        return min(b - a for a, b in pairwise(times))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the mission network, 20 and 256")
    parser.add_argument("--tf32", action="store_true", help="on both sides; off without this")
    parser.add_argument("--budget", type=float, default=480, help="seconds, for compiled PyTorch")
    parser.add_argument("--out", default="gpu.json")
    options = parser.parse_args()
    started = time.perf_counter()
    set_tf32(options.tf32)
    mc.use_backend("cupy").__exit__(None, None, None)  # one clear line if there is no GPU
    import cupy

    name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    peak = gpu_probe.peaks()
    print(f"{name}, CuPy {cupy.__version__}, TF32 {'on' if options.tf32 else 'off'}: "
          f"{peak['operations'] / 1e12:.1f} TFLOP/s, {peak['bytes'] / 1e12:.2f} TB/s")  # fmt: skip

    networks = (mission,) if options.quick else (mission, resnet)
    batches = (20, 256) if options.quick else (20, 64, 256, 1024)
    rows: list[Any] = []
    for compiled in (False, True):
        for network in networks:
            for batch in batches:
                if compiled and (batch not in (20, 256) or not torch_sides(True)):
                    continue
                if compiled and time.perf_counter() - started > options.budget:
                    print(f"{network.__name__} {batch}, compiled PyTorch: left out, no time left")
                    continue
                sides = (lambda: torch_sides(True)) if compiled else eager_sides
                new = measure(network(batch), sides, options.tf32)
                rows += new
                show(new, rows, peak)
    epoch = {"plain": epoch_seconds(False), "graphs": epoch_seconds(True)}
    for how, seconds in epoch.items():
        print(f"an epoch of 2000 photographs, resident, batches of 20, {how}: {seconds:.2f} s")
    report = {"gpu": name, "cupy": cupy.__version__, "tf32": options.tf32, "peak": peak}
    with open(options.out, "w") as file:
        json.dump({**report, "epoch_seconds": epoch, "rows": rows}, file, indent=1)


def eager_sides() -> list[Any]:
    return [Minicnn(), Minicnn(graphs=True), *torch_sides(False)]


if __name__ == "__main__":
    try:
        main()
    except mc.MinicnnError as error:
        sys.exit(f"gpu: {error}")
