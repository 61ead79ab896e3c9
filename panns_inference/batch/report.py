"""What has become of a run."""

from __future__ import annotations

from dataclasses import dataclass


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
        before = f", {self.n_before} were done before" if self.n_before else ""
        failed = f", {len(self.failures)} failed" if self.failures else ""
        if not self.n_heard:
            return f"nothing new to hear{before}{failed}"
        times = self.seconds / max(self.elapsed, 1e-3)
        return (
            f"heard {self.n_heard} of {self.n_recordings} recordings, {self.seconds / 3600:.2f} h, "
            f"{times:.1f} times real time{before}{failed}"
        )
