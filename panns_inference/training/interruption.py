"""Ctrl-C and SIGTERM end a run at a checkpoint, and not in the middle of a step."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopped_by_signals(stop: Callable[[], object], *, several: bool = False) -> Iterator[None]:
    """Enter a context in which the first signal calls `stop`; a second one does what it always did.

    Behind the context, the first one does so, too: a program that was interrupted ends as such.
    Outside of the main thread, in which alone Python receives signals, nothing changes.

    Args:
        stop: such as `Run.stop`.
        several: whether this is one of several processes. The second signal is no second wish
            then: a scheduler sends one to all processes, and torchrun passes on its own.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    received: list[int] = []

    def receive(number: int, _: FrameType | None) -> None:
        received.append(number)
        stop()
        if not several:
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


@contextmanager
def signals_held_back() -> Iterator[None]:
    """Enter a context in which signals wait; a process that is started in it never receives them.

    On Windows, nothing changes.
    """
    if sys.platform == "win32":  # pragma: no cover
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
