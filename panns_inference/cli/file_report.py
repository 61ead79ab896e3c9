"""What `panns doctor FILE` prints: how a recording is made, and what is wrong with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..audio import Description, Track, blocks, describe
from ..errors import AudioError
from ..terminal import printable


@dataclass(frozen=True)
class FileReport:
    """What is known of a file.

    Attributes:
        path: of the file.
        description: what its headers hold; None if it cannot be opened.
        fault: why `--strict` would refuse it; None if it would not.
    """

    path: str
    description: Description | None
    fault: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the same for JSON."""
        described = asdict(self.description) if self.description else {}
        return {"file": self.path, **described, "wrong": self.fault}

    def lines(self) -> list[str]:
        """Return the same as lines for people."""
        rows = _rows(self.description) if self.description else []
        rows.append(("wrong", self.fault or "nothing"))
        return [self.path, *(f"  {name:<24}{value}" for name, value in rows)]


def report_on(path: str) -> FileReport:
    """Return the report on a file; all its tracks are decoded for it.

    Args:
        path: of the file.
    """
    description = None
    try:
        description = describe(path)
        for track in description.tracks:
            rate = track.sample_rate or 32_000
            for _ in blocks(path, rate, track=track.number, strict=True):
                pass
    except AudioError as error:
        return FileReport(path, description, str(error))
    return FileReport(path, description, None)


def text(reports: list[FileReport]) -> str:
    """Return the reports on some files as text without control characters.

    Args:
        reports: one of each file.
    """
    return "\n".join(printable(line) for each in reports for line in each.lines())


def _rows(description: Description) -> list[tuple[str, str]]:
    length = "not stated" if description.duration is None else f"{description.duration:.3f} s"
    return [
        ("container", description.container),
        ("length", length),
        ("first time stamp", f"{description.first_time_stamp:.3f} s"),
        *((f"track {track.number}", _track(track)) for track in description.tracks),
    ]


def _track(track: Track) -> str:
    channels = f"{track.n_channels} channel{'s' * (track.n_channels != 1)}"
    known = [
        track.codec,
        channels if track.n_channels else None,
        f"{track.sample_rate:,} Hz" if track.sample_rate else None,
        f"from {track.start:.3f} s",
        track.language,
        track.title,
        "default" if track.is_default else None,
    ]
    return ", ".join(filter(None, known))
