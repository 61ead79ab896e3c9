"""How far a run is, and what has become of it: recordings, hours of audio, failures."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from types import MappingProxyType

from ..audio import stated_length
from ..errors import PannsError
from ..terminal import printable
from .lengths import Lengths
from .line import Counts, hours
from .recording import Recording

LOG = logging.getLogger("panns_inference")


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
            f"{hours(self.seconds)} of sound, {_speed(self.seconds, self.elapsed):.1f} times real "
            f"time{before}{failed}"
        )


class Progress:
    """Counts what a run has processed so far; `progress_of` makes one.

    Args:
        recordings: the list.
        done: those that an earlier run has done, by their places in the list: their lengths in
            seconds.
        lengths: of the recordings; None where nothing is shown.

    Attributes:
        draw: is called when something has changed.
    """

    def __init__(
        self,
        recordings: Sequence[Recording],
        done: Mapping[int, float],
        lengths: Lengths | None = None,
    ) -> None:
        self.seconds = 0.0
        self.n_processed = 0
        self.n_done_before = len(done)
        self.failures: dict[int, Failure] = {}
        self._recordings = recordings
        self._before = sum(done.values())
        self._of_this = 0.0
        self._lengths = lengths
        self._start = time.monotonic()
        self.draw: Callable[[], object] = lambda: None

    def add_seconds(self, seconds: float) -> None:
        """Count audio that was processed.

        Args:
            seconds: of it.
        """
        self.seconds += seconds
        self._of_this += seconds
        self.draw()

    def go_on(self, name: str | None, seconds: float) -> None:
        """Count what an earlier run has processed of a long recording, and say so.

        Args:
            name: of the recording.
            seconds: from its beginning.
        """
        self._before += seconds
        self._of_this += seconds
        length = stated_length(name) if name else inf
        of = f" of {hours(length)}" if length < inf else ""
        which = f"{printable(name or '')}: " if len(self._recordings) > 1 else ""
        LOG.info("%sgoing on at %s%s", which, hours(seconds), of)

    def finish(self, number: int) -> None:
        """Count a recording as done: what is counted from now on is of others.

        Args:
            number: its place in the list.
        """
        self._of_this = 0.0
        if self._lengths:
            self._lengths.finish(number)

    def add_done(self) -> None:
        """Count a recording that has a result."""
        self.n_processed += 1
        self.draw()

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
        self.draw()
        if on_error == "raise":
            raise error
        if callable(on_error):
            on_error(self.failures[number])
        else:
            LOG.error("error: %s", error)

    def report(self) -> Report:
        """Return what the run has done."""
        failures = tuple(failure for _, failure in sorted(self.failures.items()))
        elapsed = time.monotonic() - self._start
        counts = len(self._recordings), self.n_processed, self.n_done_before
        return Report(*counts, failures, self.seconds, elapsed)

    def counts(self) -> Counts:
        """Return how far the run is."""
        position = self._before + self.seconds
        left = self._lengths.left if self._lengths else None
        return Counts(
            number=len(self._recordings),
            done=self.n_done_before + self.n_processed + len(self.failures),
            failed=len(self.failures),
            position=position,
            total=None if left is None else position + max(0.0, left - self._of_this),
            speed=_speed(self.seconds, time.monotonic() - self._start),
        )


@contextlib.contextmanager
def progress_of(
    recordings: Sequence[Recording],
    shown: bool,
    done: Mapping[int, float] = MappingProxyType({}),
) -> Iterator[Progress]:
    """Count what a run processes, and show it; lines of the log do not tear the bar.

    Args:
        recordings: the list.
        shown: whether it is shown, if stderr is a terminal.
        done: those that an earlier run has done, by their places in the list: their lengths in
            seconds.
    """
    if not shown or sys.stderr is None or not sys.stderr.isatty():
        yield Progress(recordings, done)
        return
    from tqdm.contrib.logging import logging_redirect_tqdm

    from .bar import Bar

    lengths = Lengths(recordings, list(done))
    counted = Progress(recordings, done, lengths)
    bar = Bar(counted.counts, sys.stderr)
    counted.draw = bar.draw
    with contextlib.closing(lengths), bar, logging_redirect_tqdm([LOG]):
        yield counted


def _speed(seconds: float, elapsed: float) -> float:
    return seconds / max(elapsed, 1e-3)
