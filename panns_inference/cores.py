"""The cores that this process may use, and their instructions."""

from __future__ import annotations

import contextlib
import math
import os
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""On Linux: microseconds of computing and of time, `200000 100000` is two cores; `max` is all."""

PROCESSOR = Path("/proc/cpuinfo")
"""On Linux: the instructions of the processors, among others."""


def has_amx(processor: Path = PROCESSOR) -> bool:
    """Return whether the processor has instructions for products of int8 matrices (AMX).

    Args:
        processor: the file that lists its instructions.
    """
    with contextlib.suppress(OSError, ValueError):
        return "amx_int8" in processor.read_text(encoding="ascii").split()
    return False


def available(quota: Path = QUOTA) -> int:
    """Return the number of cores that the process may use: those it is bound to, within its quota.

    The quota is that of its container. Neither Python (before 3.13) nor torch looks at these: with
    more threads than that they wait for each other.

    Args:
        quota: the file that holds the quota.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    allowed = math.inf
    with contextlib.suppress(OSError, ValueError):  # no quota, or `max`
        used, period = map(int, quota.read_text(encoding="ascii").split())
        allowed = max(1, math.ceil(used / period))
    return int(min(bound or 1, allowed))
