"""How a command ends: its exit status, and one line of what went wrong."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable

from ..errors import PannsError, UsageError
from . import signals, streams

LOG = logging.getLogger("panns_inference")


def guarded(run: Callable[[], int]) -> int:
    """Run a command and return its exit status, also where it fails.

    Args:
        run: a command; what it prints is written out.
    """
    try:
        with signals.raised():
            _check_folder()
            status = run()
            sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:
        # A signal is what it was, whatever has become of it on its way through other packages.
        return failed(signals.received() or error)
    return status


def failed(error: BaseException) -> int:
    """Log one line on what is wrong, and return the exit status.

    Args:
        error: what has ended the command.
    """
    if isinstance(error, KeyboardInterrupt):
        number = getattr(error, "number", signal.SIGINT)
        return _log_error(signals.MEANINGS[number], signals.status(number))
    if isinstance(error, PannsError):
        return _log_error(f"error: {error}", 2 if isinstance(error, UsageError) else 1)
    if isinstance(error, OSError):
        streams.give_up_stdout()
        # The reader has gone, as `head` does: no message.
        return 1 if isinstance(error, BrokenPipeError) else _log_error(f"error: {error}", 1)
    if isinstance(error, MemoryError):
        return _log_error(f"error: there is not enough memory: {error}", 1)
    LOG.debug("a fault of panns", exc_info=error)
    fault = f"{type(error).__name__}: {error}"
    return _log_error(f"error: {fault}; this is a fault of panns, -v shows where", 1)


def _check_folder() -> None:
    """Refuse to work in a folder that was deleted: there, MKL ends the process without a word."""
    try:
        os.getcwd()
    except FileNotFoundError as error:
        raise UsageError("the current folder was deleted: change to another one") from error


def _log_error(message: str, status: int) -> int:
    LOG.error("%s", message)
    return status
