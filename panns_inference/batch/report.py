"""What has become of a run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import PannsError
from .finding import Recording

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


@dataclass(frozen=True)
class Report:
    """What a run has done.

    Attributes:
        n_recordings: how many recordings were found.
        n_heard: how many of them were heard now.
        n_before: how many an earlier run had done.
        failures: the others.
        seconds: of audio that were heard now.
        elapsed: seconds that this took.
    """

    n_recordings: int
    n_heard: int
    n_before: int
    failures: tuple[Failure, ...]
    seconds: float
    elapsed: float

    def __str__(self) -> str:
        were = "was" if self.n_before == 1 else "were"
        before = f", {self.n_before} {were} done before" if self.n_before else ""
        failed = f", {len(self.failures)} failed" if self.failures else ""
        if not self.n_heard:
            return f"nothing new to hear{before}{failed}"
        times = self.seconds / max(self.elapsed, 1e-3)
        return (
            f"heard {self.n_heard} of {self.n_recordings} recordings, {self.seconds / 3600:.2f} h, "
            f"{times:.1f} times real time{before}{failed}"
        )


OnError = str | Callable[[Failure], object]
"""'raise', 'skip', or who is told."""


def fail(recording: Recording, error: PannsError, on_error: OnError) -> Failure:
    """A recording has no result: say so, or end there.

    Args:
        recording: it.
        error: why.
        on_error: 'raise' raises the error, 'skip' logs it; a function is called with the failure.
    """
    failure = Failure(recording.name, str(error))
    if on_error == "raise":
        raise error
    if callable(on_error):
        on_error(failure)
    else:
        LOG.error("error: %s", error)
    return failure
