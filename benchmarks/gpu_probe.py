"""What is measured on a GPU: times, kernels and the gaps between them, memory, and its peaks."""

from __future__ import annotations

import gc
import json
import statistics
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any


def milliseconds(work: Callable[[], Any], seconds: float = 0.3) -> float:
    """One call's time between two events in the default stream, where both sides work."""
    import cupy

    start, end = cupy.cuda.Event(), cupy.cuda.Event()

    def run(times: int) -> float:
        start.record()
        for _ in range(times):
            work()
        end.record()
        end.synchronize()
        return cupy.cuda.get_elapsed_time(start, end) / times

    return run(max(1, int(seconds * 1e3 / max(run(3), 1e-3))))


def in_turns(
    works: dict[str, Callable[[], Any]],
    rounds: int = 5,
    guard: Callable[[str], AbstractContextManager[Any]] = lambda name: nullcontext(),
) -> dict[str, float]:
    """The median time of each, taken in turns, so that a clock that sinks hits all alike.

    One that stops half-way, in a way that its ``guard`` lets pass, has no time.
    """
    times: dict[str, list[float]] = {name: [] for name in works}
    warm = set()
    for name, work in works.items():
        with guard(name):
            for _ in range(5):
                work()
            warm.add(name)
    for done in range(rounds):
        for name in [name for name in warm if len(times[name]) == done]:
            with guard(name):
                times[name].append(milliseconds(works[name]))
    return {name: statistics.median(ms) for name, ms in times.items() if len(ms) == rounds}


def kernels(work: Callable[[], Any], steps: int = 5) -> dict[str, float] | None:
    """Kernels and copies of a step, and the share of its time when the GPU did nothing.

    PyTorch's profiler listens to the driver, so it hears CuPy's launches too.
    """
    try:
        from torch.profiler import ProfilerActivity, profile
    except ImportError:
        return None
    work()
    with profile(activities=[ProfilerActivity.CUDA]) as record:
        for _ in range(steps):
            work()
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        record.export_chrome_trace(str(trace))
        events = json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]
    on_gpu = [e for e in events if e.get("cat") in ("kernel", "gpu_memcpy", "gpu_memset")]
    if not on_gpu:
        return None
    spans = sorted((e["ts"], e["ts"] + e["dur"]) for e in on_gpu)
    busy, until = 0.0, spans[0][0]
    for start, end in spans:
        busy += max(0.0, end - max(start, until))
        until = max(until, end)
    return {
        "kernels": sum(e["cat"] == "kernel" for e in on_gpu) / steps,
        "copies": sum(e["cat"] == "gpu_memcpy" for e in on_gpu) / steps,
        "idle": 1 - busy / (until - spans[0][0]),
    }


def peaks() -> dict[str, float]:
    """What this GPU can do at best: bytes of memory and float32 operations a second, measured."""
    import cupy

    a = cupy.zeros(1 << 28, cupy.float32)  # 1 GiB, far more than any cache
    b = cupy.empty_like(a)
    copy = milliseconds(lambda: cupy.copyto(b, a))
    m = cupy.ones((8192, 8192), cupy.float32)
    product = milliseconds(lambda: m @ m)
    return {"bytes": 2 * a.nbytes / copy * 1e3, "operations": 2 * 8192**3 / product * 1e3}


def free_memory() -> None:
    """Both sides give back what they hold and don't use."""
    import cupy

    gc.collect()
    cupy.get_default_memory_pool().free_all_blocks()
    try:
        import torch
    except ImportError:
        return
    torch.cuda.empty_cache()


def used_memory() -> float:
    """Bytes in use on the device, by everybody."""
    import cupy

    free, total = cupy.cuda.runtime.memGetInfo()
    return float(total - free)
