"""Prefetched batches: made in other processes, and handed out in their order.

worker 0   batch 0   batch 2   batch 4
worker 1   batch 1   batch 3   batch 5      a batch depends on its number alone, so
training   0   1   2   3   4   5            that it does not matter which worker made it
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from queue import Empty, Full
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from .interruption import signals_held_back
from .workers import lost_worker

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess
    from multiprocessing.queues import Queue

Batch = TypeVar("Batch")

PREFETCHED = 3
"""Batches in the queue of each worker."""

POLL_SECONDS = 5.0
"""Seconds after which a process that waits for another one checks whether that is alive."""


def prefetched(
    make: Callable[[int], Batch], first: int, last: int, n_workers: int
) -> Iterator[Batch]:
    """Yield the batches `first` to `last - 1`.

    Args:
        make: number to batch; with workers it must be picklable, and so must the batch.
        first: number of the first batch.
        last: number of the last batch plus one.
        n_workers: processes; 0 makes each batch when it is needed.

    Raises:
        PannsError: if a worker was ended, or could not begin.
    """
    if n_workers == 0:
        yield from map(make, range(first, last))
        return
    context = torch.multiprocessing.get_context("spawn")
    queues = [context.Queue(PREFETCHED) for _ in range(n_workers)]
    workers = [
        context.Process(
            target=_work, args=(make, range(first + k, last, n_workers), queue), daemon=True
        )
        for k, queue in enumerate(queues)
    ]
    # Signals go to all processes of a terminal, or of torchrun; the training process, which then
    # still takes a step, ends its workers itself.
    with signals_held_back():
        for worker in workers:
            worker.start()
    try:
        for number in range(first, last):
            k = (number - first) % n_workers
            yield _received(queues[k], workers[k])
    finally:
        for worker in workers:
            worker.kill()
            worker.join()


def _work(make: Callable[[int], Batch], numbers: range, queue: Queue[Any]) -> None:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        for number in numbers:
            _put(queue, make(number))
    except Exception as error:  # raised again where the batch is waited for
        _put(queue, error)
    # Tensors in the queue lie in shared memory of this process, so it must not exit by itself.
    while _parent_is_alive():
        time.sleep(POLL_SECONDS)


def _put(queue: Queue[Any], batch: Any) -> None:
    # A training process that was killed neither takes batches nor ends its workers.
    while _parent_is_alive():
        try:
            queue.put(batch, timeout=POLL_SECONDS)
            return
        except Full:
            continue
    raise SystemExit


def _parent_is_alive() -> bool:
    parent = multiprocessing.parent_process()
    return parent is not None and parent.is_alive()


def _received(queue: Queue[Any], worker: BaseProcess) -> Any:
    batch = _next(queue, worker)
    if isinstance(batch, Exception):
        raise batch
    return batch


def _next(queue: Queue[Any], worker: BaseProcess) -> Any:
    while True:
        # Known before the queue is looked at: a worker may put a last batch, and end.
        is_alive = worker.is_alive()
        try:
            return queue.get(timeout=POLL_SECONDS)
        except Empty:
            if not is_alive:
                raise lost_worker() from None
