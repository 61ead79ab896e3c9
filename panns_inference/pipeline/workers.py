"""How many threads decode recordings and compute batches, and how long a batch is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .. import cores
from ..engine.schedule import schedule_of
from .task import Task

MOST_JOBS = 16
"""Decoders that no network outruns."""


def default_jobs(task: Task[Any]) -> int:
    """Return how many decoders leave most cores to a network on the CPU, or feed one elsewhere.

    Args:
        task: whose model computes.
    """
    is_on_cpu = task.model.engine.device == "cpu"
    return max(2, min(MOST_JOBS, cores.available() // (4 if is_on_cpu else 1)))


def workers(task: Task[Any]) -> tuple[int, ThreadPoolExecutor]:
    """Return the number of workers that compute batches, and their threads.

    Args:
        task: whose model computes.
    """
    schedule = schedule_of(task.model.engine)
    number = schedule.workers
    return number, ThreadPoolExecutor(number, "panns-worker", schedule.enter_worker, (number,))


def samples_at_once(task: Task[Any]) -> int:
    """Return how many samples of short clips make a batch.

    Args:
        task: whose model computes.
    """
    seconds = schedule_of(task.model.engine).batch_seconds if task.longest_clip else 0.0
    return round(seconds * task.model.sample_rate)
