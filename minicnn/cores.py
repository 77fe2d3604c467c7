"""How many cores this process may use, and whether it has threads for them.

Not how many the machine has: a batch system binds a process to some of them, and a container
buys a share of their time. More threads or processes than that only take turns.
"""

from __future__ import annotations

import functools
import math
import os
import threading
import time
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
SECONDS = 1.0

_read: dict[Path, tuple[float, float | None]] = {}  # when, and what was found


def available_cores(cgroup: Path | None = None) -> int:
    """The cores of this process's affinity, or fewer if a container's quota allows fewer."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:  # macOS and Windows know no such call
        cores = os.cpu_count() or 1
    quota = _quota_lately(cgroup or CGROUP)
    return cores if quota is None else max(1, min(cores, int(quota)))


@functools.cache
def can_start_threads() -> bool:
    """Whether Python has threads here: in a browser it has none. Found out by starting one."""
    thread = threading.Thread(target=lambda: None, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return False
    thread.join()
    return True


def _quota_lately(cgroup: Path) -> float | None:
    """Read once a second: to open files takes longer than some of the work that is to be shared."""
    now = time.monotonic()
    when, quota = _read.get(cgroup, (-math.inf, None))
    if now - when > SECONDS:
        quota = _quota(cgroup)
        _read[cgroup] = now, quota
    return quota


def _quota(cgroup: Path) -> float | None:
    """Cores' worth of time that a container may use, from cgroup v2 or v1; None: no limit."""
    try:
        limit, period = (cgroup / "cpu.max").read_text(encoding="utf-8").split()[:2]
    except (OSError, ValueError):
        try:
            limit = (cgroup / "cpu" / "cpu.cfs_quota_us").read_text(encoding="utf-8").strip()
            period = (cgroup / "cpu" / "cpu.cfs_period_us").read_text(encoding="utf-8").strip()
        except OSError:
            return None
    if not limit.isdigit() or not period.isdigit() or int(period) == 0:
        return None  # "max" in v2, -1 in v1
    return int(limit) / int(period)
