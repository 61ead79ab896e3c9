"""The standard streams of this program: closed ones, those of a terminal, and their end.

The MP3 decoder inside libsndfile writes to stderr wherever a file is damaged, and no option stops
it. What is wrong with a file is in our own warnings, and stderr is left to Python.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Any

from ..terminal import printable
from . import colours, signals

LOG = logging.getLogger("panns_inference")

STDERR = 2

MARKS = {"error:": colours.ERROR, "warning:": colours.WARNING}
"""How lines begin that are no mere remarks, and their colours."""


def open_missing() -> None:
    """Open what was closed when the program began: a file would get its number, and its output.

    Nothing comes from stdin, and stderr is lost. stdout is a pipe whose reader has gone: a write
    to it ends the program.
    """
    missing = [number for number in (0, 1, 2) if not _is_open(number)]
    for number in missing:
        if number == 1:
            reader, writer = os.pipe()
            os.dup2(writer, number)
            for end in {reader, writer} - {number}:
                os.close(end)
        else:
            os.open(os.devnull, os.O_RDWR)
    if 1 in missing:
        sys.stdout = open(1, "w", encoding="utf-8")  # noqa: SIM115 it stays to the end
    if 2 in missing:
        sys.stderr = open(2, "w", encoding="utf-8")  # noqa: SIM115


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def readable_stdout() -> Iterator[None]:
    """Make what is printed fit to be shown: characters that steer a terminal become escapes."""
    before = sys.stdout
    if not isinstance(before, io.TextIOWrapper):  # it is a test's
        yield
        return
    # A name that cannot be encoded is no reason to fail.
    before.reconfigure(errors="backslashreplace")
    if not before.isatty():
        yield
        return
    sys.stdout = _Terminal(before.buffer, before.encoding, "backslashreplace", line_buffering=True)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.detach()
        sys.stdout = before


class _Terminal(io.TextIOWrapper):
    """Text for a terminal, in which nothing steers it but ends of lines and tabs."""

    def write(self, text: str) -> int:
        lines = ("\t".join(map(printable, line.split("\t"))) for line in text.split("\n"))
        super().write("\n".join(lines))
        return len(text)


class UntornFile:
    """A file in which no signal leaves half of what is written.

    Args:
        file: for text or bytes.
    """

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, data: Any) -> int:
        """Write all of it, and then be interrupted.

        Args:
            data: text or bytes.
        """
        with signals.held():
            n_written: int = self._file.write(data)
        return n_written

    def flush(self) -> None:
        """Write what is buffered."""
        with signals.held():
            self._file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def give_up_stdout() -> None:
    """Drop what is left in its buffer: it cannot be written, and is not tried again at the exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def stderr_of_python() -> Iterator[None]:
    """Let what Python writes to `sys.stderr` through, and nothing else."""
    before = sys.stderr
    try:
        is_own = before.fileno() == STDERR
        own = os.dup(STDERR) if is_own else -1
    except (OSError, ValueError, AttributeError):  # it is closed, or a test's
        is_own = False
    if not is_own:
        yield
        return
    before.flush()
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), STDERR)
    sys.stderr = stderr = open(  # noqa: SIM115 what cannot be written at the end is lost
        own, "w", encoding=before.encoding, errors="backslashreplace", buffering=1, closefd=False
    )
    try:
        yield
    finally:
        sys.stderr = before
        with contextlib.suppress(OSError):
            stderr.close()
        os.dup2(own, STDERR)
        os.close(own)


@contextlib.contextmanager
def log_to_stderr(verbosity: int) -> Iterator[None]:
    """Show the package's log and the warnings that are meant for users on stderr.

    Args:
        verbosity: 0; less for errors alone, more for details.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter("panns: %(message)s"))
    LOG.addHandler(handler)
    level = LOG.level
    LOG.setLevel(logging.INFO - 10 * verbosity)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = _show
        try:
            yield
        finally:
            LOG.removeHandler(handler)
            LOG.setLevel(level)


class _Formatter(logging.Formatter):
    """Lines in which nothing steers a terminal, whatever was named in them, but for colours."""

    def format(self, record: logging.LogRecord) -> str:
        text = "\n".join(map(printable, super().format(record).split("\n")))
        for word, colour in MARKS.items():
            if text.startswith(f"panns: {word}"):
                return text.replace(word, colours.painted(word, colour, sys.stderr), 1)
        return text


def _show(message: Warning | str, *_: object, **__: object) -> None:
    LOG.warning("warning: %s", message)
