"""Training and prediction on a GPU, beside PyTorch: one command, one table.

    PYTHONPATH=. python benchmarks/gpu.py [--quick] [--tf32] [--budget SECONDS] [--out gpu.json]

Needs CuPy and a GPU, no network; without PyTorch it shows minicnn alone. First results are held
against float64, then times are taken in turns. Rows: the time of a step or a prediction; the
ratio to PyTorch's best *eager* layout (below 1, minicnn is faster); the share of the measured
peaks of arithmetic (products only) and of memory (each array that must move, moved once); kernels a
step, the share of the time between them, and memory. Compiled PyTorch comes last: what would not
fit into the budget is left out. So is a side that finds no room, and steps by graphs where none
could be captured: the table says so.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
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
from benchmarks.gpu_sides import (
    TASKS,
    Minicnn,
    exact,
    out_of_memory,
    set_tf32,
    torch_sides,
)
from minicnn.saving import write_whole

LATER = 20  # times what the first loss may be off
Network = Callable[[int], Workload]


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
    """Stop unless a side's predictions and its first losses are those of float64."""
    allowed = 2e-2 if tf32 else 2e-4
    said, losses = truth
    side.load(weights)
    gap = float(np.abs(side.predict() - said).max())
    found = [side.train()[0] for _ in range(side.steps_checked)]
    # What an update rounds, the later losses show: they need not come as close as the first.
    fits = [
        abs(loss - wanted) <= allowed * wanted * (1 if step == 0 else LATER)
        for step, (loss, wanted) in enumerate(zip(found, losses, strict=False))
    ]
    if not (gap <= allowed and all(fits)):  # a NaN must not pass
        raise SystemExit(
            f"{side.name}, {workload.name}: predictions off by {gap:.1e}, losses "
            f"{', '.join(f'{loss:.6g}' for loss in found)} instead of "
            f"{', '.join(f'{loss:.6g}' for loss in losses)}; nothing was timed"
        )


def let_in(
    network: Network, make_sides: Callable[[], list[Any]], tf32: bool, truth: Any
) -> set[str]:
    """The names of the sides that give the right results; one that can't run is left out."""
    small, names = network(20), set()
    x, y = small.draw_batch()
    for side in make_sides():
        with left_out(side.name, small, "check"):
            side.prepare(small, x, y)
            check(side, small, draw_weights(small), truth, tf32)
            if side.problem():
                print(f"{small.name}, {side.name}: left out, {side.problem()}", flush=True)
            else:
                names.add(side.name)
    return names


@contextmanager
def left_out(name: str, workload: Workload, task: str) -> Iterator[None]:
    """A side that finds no room is said to be left out; the others go on."""
    try:
        yield
    except Exception as error:
        if not out_of_memory(error):
            raise
        print(f"{workload.name} {workload.batch}, {task}, {name}: left out, the GPU is full")


def measure(
    workload: Workload, make_sides: Callable[[], list[Any]], names: set[str]
) -> list[dict[str, Any]]:
    """A row for each task and each of the sides with these names."""
    batch, weights, rows = workload.draw_batch(), draw_weights(workload), []
    for task in TASKS:
        works: dict[str, Callable[[], Any]] = {}
        memory: dict[str, float] = {}
        # New sides for each task: what was done before must not take memory.
        for side in [s for s in make_sides() if s.name in names and task in s.tasks]:
            with left_out(side.name, workload, task):
                memory[side.name] = begin(side, workload, batch, weights, task)
                works[side.name] = getattr(side, task)
        del side
        times = gpu_probe.in_turns(works, guard=partial(left_out, workload=workload, task=task))
        rows += [
            {
                "network": workload.name,
                "batch": workload.batch,
                "task": task,
                "side": name,
                "ms": ms,
                "memory": memory[name],
                "operations": 2 * multiply_adds(workload, task),
                "bytes": least_bytes(workload, task),
                **(gpu_probe.kernels(works[name]) or {}),
            }
            for name, ms in times.items()
        ]
    return rows


def begin(side: Any, workload: Workload, batch: Any, weights: Any, task: str) -> float:
    """Make a side ready; the bytes that the device has less from then on."""
    gpu_probe.free_memory()
    before = gpu_probe.used_memory()
    side.prepare(workload, *batch)
    side.load(weights)
    for _ in range(side.steps_checked):
        getattr(side, task)()
    return gpu_probe.used_memory() - before


def show(new: list[Any], rows: list[Any], peak: dict[str, float]) -> None:
    """Put new rows with the others, and print them beside what eager PyTorch took for the same."""
    rows += new
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

    report = {"gpu": name, "cupy": cupy.__version__, "tf32": options.tf32, "peak": peak}
    networks = (mission,) if options.quick else (mission, resnet)
    batches = (20, 256) if options.quick else (20, 64, 256, 1024)
    rows: list[Any] = []
    truths = {}
    for network in networks:
        small = network(20)
        truths[network] = exact(small, draw_weights(small), *small.draw_batch())
        names = let_in(network, eager_sides, options.tf32, truths[network])
        for batch in batches:
            show(measure(network(batch), eager_sides, names), rows, peak)
            keep(options.out, {**report, "rows": rows})
    report["epoch_seconds"] = {"plain": epoch_seconds(False), "graphs": epoch_seconds(True)}
    for how, seconds in report["epoch_seconds"].items():
        print(f"an epoch of 2000 photographs, resident, batches of 20, {how}: {seconds:.2f} s")
    longest = 60.0  # seconds that one network and batch may take to compile
    for network, batch in [(n, b) for n in networks for b in (20, 256) if torch_sides(False)]:
        begun = time.perf_counter()
        if begun + longest > started + options.budget:
            print(f"{network.__name__} {batch}, compiled PyTorch: left out, no time left")
            continue
        try:
            names = let_in(network, compiled_sides, options.tf32, truths[network])
            show(measure(network(batch), compiled_sides, names), rows, peak)
        except Exception as error:  # it needs Triton and a C compiler, and may have neither
            why = (str(error).splitlines() or [""])[0]
            print(f"{network.__name__} {batch}, compiled PyTorch: left out, "
                  f"{type(error).__name__}: {why}")  # fmt: skip
        longest = max(longest, time.perf_counter() - begun)
        keep(options.out, {**report, "rows": rows})
    keep(options.out, {**report, "rows": rows})


def keep(path: str, report: dict[str, Any]) -> None:
    """All that is known by now: whatever ends the run, it is not lost."""
    write_whole(path, json.dumps(report, indent=1).encode())


def compiled_sides() -> list[Any]:
    return torch_sides(True)


def eager_sides() -> list[Any]:
    return [Minicnn(), Minicnn(graphs=True), *torch_sides(False)]


if __name__ == "__main__":
    try:
        main()
    except mc.MinicnnError as error:
        sys.exit(f"gpu: {error}")
