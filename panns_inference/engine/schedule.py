"""How calls of an engine are best made: by how many threads, and of how much audio each.

An engine may have a `schedule` of its own; results do not depend on it beyond their
last bits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .contract import Engine

MOST_WORKERS = 4
"""Threads that call an engine on the CPU at the same time: the batch of each takes memory."""


class Schedule(NamedTuple):
    """How an engine does best.

    Attributes:
        workers: threads that call it at the same time.
        batch_seconds: seconds of short clips in a batch; 0 is a single clip.
        enter_worker: what each of these threads calls first, with their number: it takes its share
            of the cores, or one of the GPUs.
    """

    workers: int = 1
    batch_seconds: float = 0.0
    enter_worker: Callable[[int], None] = lambda workers: None


def schedule_of(engine: Engine) -> Schedule:
    """Return the schedule of an engine: one thread and one clip at a time if it has none.

    Args:
        engine: any engine.
    """
    schedule: Schedule = getattr(engine, "schedule", Schedule())
    return schedule
