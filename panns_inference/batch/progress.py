"""How far a run is, on stderr: recordings, hours of audio, times real time, failures."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Iterator
from typing import Any

LOG = logging.getLogger("panns_inference")

LAYOUT = "{n_fmt}/{total_fmt} recordings |{bar}| {desc} [{elapsed}<{remaining}]"


class Progress:
    """What a run has heard so far; `progress_of` makes one.

    Args:
        bar: of tqdm, which shows nothing where nobody would see it.
    """

    def __init__(self, bar: Any) -> None:
        self.seconds = 0.0
        self.n_heard = self.n_failed = 0
        self._bar = bar
        self._start = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    def hear(self, seconds: float) -> None:
        """Count audio.

        Args:
            seconds: of it.
        """
        self.seconds += seconds
        self._show(0)

    def count(self, *, failed: bool) -> None:
        """Count a recording that is done, or that failed.

        Args:
            failed: which of the two.
        """
        self.n_heard += not failed
        self.n_failed += failed
        self._show(1)

    def _show(self, n_recordings: int) -> None:
        if self._bar.disable:
            return
        times = self.seconds / max(self.elapsed, 1e-3)
        self._bar.set_description_str(
            f"{self.seconds / 3600:.2f} h, {times:.1f} times real time, {self.n_failed} failed",
            refresh=False,
        )
        self._bar.update(n_recordings)
        self._bar.refresh()


@contextlib.contextmanager
def progress_of(n_recordings: int, n_done: int, shown: bool) -> Iterator[Progress]:
    """A count, and lines of the log that do not tear the bar.

    Args:
        n_recordings: how many there are.
        n_done: how many of them need no hearing.
        shown: whether it is shown, if stderr is a terminal.
    """
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    bar = tqdm(
        total=n_recordings,
        initial=n_done,
        disable=None if shown and sys.stderr else True,  # None: shown to a terminal alone
        bar_format=LAYOUT,
        leave=False,
    )
    with bar, logging_redirect_tqdm([LOG]) if not bar.disable else contextlib.nullcontext():
        yield Progress(bar)
