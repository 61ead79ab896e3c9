"""How far a run is, and what has become of it: recordings, hours of audio, failures."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import PannsError

LOG = logging.getLogger("panns_inference")

LAYOUT = "{n_fmt}/{total_fmt} recordings |{bar}| {desc} [{elapsed}<{remaining}]"


@dataclass(frozen=True)
class Failure:
    """A recording without a result.

    Attributes:
        source: the recording as it was named or found.
        cause: what is wrong with it.
    """

    source: str | None
    cause: str


OnError = str | Callable[[Failure], object]
"""'raise', 'skip', or a function that is called with each failure."""


@dataclass(frozen=True)
class Report:
    """What a run has done.

    Attributes:
        n_recordings: how many recordings were found.
        n_processed: how many of them have a result that was computed now.
        n_done_before: how many an earlier run had done.
        failures: the others.
        seconds: of audio that were processed now.
        elapsed: seconds that this took.
    """

    n_recordings: int
    n_processed: int
    n_done_before: int
    failures: tuple[Failure, ...]
    seconds: float
    elapsed: float

    def __str__(self) -> str:
        were = "was" if self.n_done_before == 1 else "were"
        before = f", {self.n_done_before} {were} done before" if self.n_done_before else ""
        failed = f", {len(self.failures)} failed" if self.failures else ""
        if not self.n_processed:
            return f"nothing new to process{before}{failed}"
        return (
            f"processed {self.n_processed} of {self.n_recordings} recordings, "
            f"{_speed(self.seconds, self.elapsed)}{before}{failed}"
        )


class Progress:
    """Counts what a run has processed so far; `progress_of` makes one.

    Args:
        n_done_before: recordings that an earlier run has done.
        bar: of tqdm; None shows nothing.
    """

    def __init__(self, n_done_before: int, bar: Any) -> None:
        self.seconds = 0.0
        self.n_processed = 0
        self.n_done_before = n_done_before
        self.failures: dict[int, Failure] = {}
        self._bar = bar
        self._start = time.monotonic()

    def add_seconds(self, seconds: float) -> None:
        """Count audio that was processed.

        Args:
            seconds: of it.
        """
        self.seconds += seconds
        self._show(0)

    def add_done(self) -> None:
        """Count a recording that has a result."""
        self.n_processed += 1
        self._show(1)

    def add_failure(
        self, number: int, source: str | None, error: PannsError, on_error: OnError
    ) -> None:
        """Count a recording that has no result, and report it.

        Args:
            number: its place in the list.
            source: what it is called.
            error: why it has none.
            on_error: 'raise' raises the error, 'skip' logs it; a function is called with the
                failure.
        """
        self.failures[number] = Failure(source, str(error))
        self._show(1)
        if on_error == "raise":
            raise error
        if callable(on_error):
            on_error(self.failures[number])
        else:
            LOG.error("error: %s", error)

    def report(self, n_recordings: int) -> Report:
        """Return what the run has done.

        Args:
            n_recordings: how many recordings there are.
        """
        failures = tuple(failure for _, failure in sorted(self.failures.items()))
        elapsed = time.monotonic() - self._start
        counts = n_recordings, self.n_processed, self.n_done_before
        return Report(*counts, failures, self.seconds, elapsed)

    def _show(self, n_recordings: int) -> None:
        if self._bar is None:
            return
        speed = _speed(self.seconds, time.monotonic() - self._start)
        self._bar.set_description_str(f"{speed}, {len(self.failures)} failed", refresh=False)
        self._bar.update(n_recordings)
        self._bar.refresh()


@contextlib.contextmanager
def progress_of(n_recordings: int, n_done_before: int, shown: bool) -> Iterator[Progress]:
    """Count what a run processes, and show it; lines of the log do not tear the bar.

    Args:
        n_recordings: how many there are.
        n_done_before: how many of them an earlier run has done.
        shown: whether it is shown, if stderr is a terminal.
    """
    if not shown or sys.stderr is None or not sys.stderr.isatty():
        yield Progress(n_done_before, None)
        return
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    bar = tqdm(total=n_recordings, initial=n_done_before, bar_format=LAYOUT, leave=False)
    with bar, logging_redirect_tqdm([LOG]):
        yield Progress(n_done_before, bar)


def _speed(seconds: float, elapsed: float) -> str:
    return f"{seconds / 3600:.2f} h, {seconds / max(elapsed, 1e-3):.1f} times real time"
