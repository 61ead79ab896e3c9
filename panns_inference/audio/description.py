"""What a file says of itself: its container, its tracks, and how long it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Track:
    """A sound track of a file.

    Attributes:
        number: its place among the sound tracks, from 1.
        codec: how it is encoded, such as 'aac' or 'pcm_16'.
        n_channels: number of channels; 0 if the header does not state it.
        sample_rate: in Hz; 0 if the header does not state it.
        start: seconds from the start of the recording or film to the first sample.
        is_default: whether it is the one that is read where none is chosen.
        language: as the file states it, such as 'eng'; None if it does not.
        title: as the file states it; None if it does not.
    """

    number: int
    codec: str
    n_channels: int
    sample_rate: int
    start: float = 0.0
    is_default: bool = True
    language: str | None = None
    title: str | None = None

    def __str__(self) -> str:
        """Its number, and what tells it from the others."""
        n = self.n_channels
        known = [self.codec, f"{n} channel{'s' * (n != 1)}", self.language, self.title]
        return f"{self.number} ({', '.join(filter(None, known))})"


@dataclass(frozen=True)
class Description:
    """A file that holds a recording.

    Attributes:
        container: the format of the file, such as 'wav' or 'matroska,webm'.
        duration: length of the recording or film in seconds, as the header states it; None if it
            does not.
        first_time_stamp: seconds at which the clock of the file begins; 0 for formats without
            time stamps. Times of results count from there.
        tracks: the sound tracks.
    """

    container: str
    duration: float | None
    first_time_stamp: float
    tracks: tuple[Track, ...]
