"""Ctrl-C and SIGTERM end a run at a checkpoint, and not in the middle of a step."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopped_by_signals(stop: Callable[[], object]) -> Iterator[None]:
    """Enter a context in which the first signal calls `stop`; a second one does what it always did.

    Behind the context, the first one does so, too: a program that was interrupted ends as such.
    Outside of the main thread, in which alone Python receives signals, nothing changes.

    Args:
        stop: such as `Run.stop`.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    received: list[int] = []

    def receive(number: int, _: FrameType | None) -> None:
        received.append(number)
        stop()
        restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number, handler in before.items():
        # What a program ignores, as under `nohup`, it goes on ignoring.
        if handler is not signal.SIG_IGN:
            signal.signal(number, receive)
    try:
        yield
    finally:
        restore()
    if received:
        signal.raise_signal(received[0])
