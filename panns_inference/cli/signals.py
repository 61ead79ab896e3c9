"""How Ctrl-C and other signals end this program: with one line, and 128 plus their number.

While there is something to put in order, the first signal is raised, as Python does with Ctrl-C,
and what was begun is ended: a list of JSON is closed, a file under a temporary name removed. At
other times, and at the second signal, the program ends at once. That harms nothing: whatever is
written outlives a kill.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

MEANINGS = {
    getattr(signal, name): meaning
    for name, meaning in (
        ("SIGINT", "interrupted"),
        ("SIGTERM", "terminated"),
        ("SIGHUP", "hung up"),
    )
    if hasattr(signal, name)  # Windows knows no SIGHUP
}
"""The signals that end the program, and what it prints then."""


def status(number: int) -> int:
    """Return the exit status of a program that a signal has ended, as a shell gives it.

    Args:
        number: of the signal.
    """
    return 128 + number


class Stopped(KeyboardInterrupt):
    """A signal that ends the program.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__(number)
        self.number = number


class _Received:
    """What has come, and whether it may be raised."""

    number: int | None = None
    is_raised = False
    is_held = False


def install() -> None:
    """Let signals end this program from now on, but for those that it ignores, as under `nohup`."""
    for number in MEANINGS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _receive)
    sys.unraisablehook = _end_instead


def ignore() -> None:
    """Ignore signals: all is done, and one would only tear the end."""
    for number in MEANINGS:
        signal.signal(number, signal.SIG_IGN)


def received() -> Stopped | None:
    """Return the signal that has come, if one has."""
    return None if _Received.number is None else Stopped(_Received.number)


@contextlib.contextmanager
def raised() -> Iterator[None]:
    """A context in which there is something to put in order: the first signal is raised."""
    with _set("is_raised", True):
        yield


@contextlib.contextmanager
def at_once() -> Iterator[None]:
    """A context in which there is nothing to: modules are imported, which no error may tear."""
    with _set("is_raised", False):
        yield


@contextlib.contextmanager
def held() -> Iterator[None]:
    """A context in which something is written whole: the first signal is raised behind it."""
    before = _Received.number
    with _set("is_held", True):
        yield
    if _Received.number != before:
        raise Stopped(_Received.number or signal.SIGINT)


@contextlib.contextmanager
def _set(name: str, value: bool) -> Iterator[None]:
    before = getattr(_Received, name)
    setattr(_Received, name, value)
    try:
        yield
    finally:
        setattr(_Received, name, before)


def _receive(number: int, frame: FrameType | None) -> None:
    is_first, _Received.number = _Received.number is None, number
    if not is_first or not _Received.is_raised:
        _end(number)
    if not _Received.is_held:
        raise Stopped(number)


def _end(number: int) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        # Past the buffer, which may be in use just now.
        os.write(sys.stderr.fileno(), f"panns: {MEANINGS[number]}\n".encode())
    os._exit(status(number))


def _end_instead(unraisable: Any) -> None:
    """What is raised where nobody can catch it, as in a callback from C, is not lost."""
    if isinstance(unraisable.exc_value, Stopped):
        _end(unraisable.exc_value.number)
    sys.__unraisablehook__(unraisable)
