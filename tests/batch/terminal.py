"""A terminal whose screen can be read."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import termios

import pyte


class Terminal:
    """A terminal of some columns; programs write to `file`."""

    def __init__(self, columns: int) -> None:
        self._ours, theirs = pty.openpty()
        os.set_blocking(self._ours, False)
        self.file = os.fdopen(theirs, "w")
        self._screen = pyte.Screen(columns, 24)
        self._stream = pyte.Stream(self._screen)
        self.resize(columns)

    def resize(self, columns: int) -> None:
        """Make the window wider or narrower, when it has shown what was written so far."""
        self.lines()
        size = struct.pack("HHHH", 24, columns, 0, 0)
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, size)
        self._screen.resize(24, columns)

    def close(self) -> None:
        """Let go of it."""
        self.file.close()
        os.close(self._ours)

    def lines(self) -> list[str]:
        """What the screen shows, without empty lines."""
        try:
            while shown := os.read(self._ours, 65536):
                self._stream.feed(shown.decode())
        except OSError:  # nothing more for now, or all programs have ended
            pass
        return [line.rstrip() for line in self._screen.display if line.strip()]
