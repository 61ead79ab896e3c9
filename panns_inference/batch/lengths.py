"""How long recordings are by their headers, which are read while others are processed already."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from math import inf

from ..audio import stated_length
from .recording import Recording

PATIENCE = 0.2
"""Seconds that are waited for the headers of a few recordings, before anything is shown."""


class Lengths:
    """The lengths of recordings of which some are done: what is left of them.

    Args:
        recordings: the list.
        done: places in the list of those that are done already.
    """

    def __init__(self, recordings: Sequence[Recording], done: Sequence[int]) -> None:
        self._recordings = recordings
        self._done = set(done)
        self._found: list[float] = []
        self._left: float | None = None
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._read, name="panns-headers", daemon=True)
        self._reader.start()
        self._reader.join(PATIENCE)

    def finish(self, number: int) -> None:
        """Count a recording as done.

        Args:
            number: its place in the list.
        """
        if self._left is not None and number not in self._done:
            self._left -= self._found[number]
        self._done.add(number)

    @property
    def left(self) -> float | None:
        """Seconds of the recordings that are not done; None if that is not known, or not yet."""
        if self._left is None and not self._reader.is_alive():
            pairs = enumerate(self._found)
            self._left = sum(length for number, length in pairs if number not in self._done)
        return self._left if self._left is not None and self._left < inf else None

    def close(self) -> None:
        """Read no more headers."""
        self._ended.set()

    def _read(self) -> None:
        seen = set()
        for recording in self._recordings:
            if self._ended.is_set():
                return
            # A file that has several names is processed once.
            one = recording.identity, recording.track, recording.channel
            source = recording.source
            # An open file is left where it stands.
            length = stated_length(source) if isinstance(source, str) else inf
            self._found.append(0.0 if one in seen else length)
            seen.add(one)
