"""What becomes known along a recording, as iterators.

file / array --audio.waveform--> blocks --listener--> tags, events, embeddings as they come
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from .audio import (
    BLOCK,
    Blocks,
    Reading,
    Source,
    float32_samples,
    is_file,
    name_of,
    separate,
    waveform,
)
from .errors import UsageError
from .events import Event
from .results import Embedding, Result, Tagging
from .verbs import Asked, Detect, DetectListener, Embed, Tag
from .verbs.stretched import StretchedVerb

R = TypeVar("R", bound=Result)


class Along(Asked):
    """What can be asked along a recording, of whoever can be asked."""

    def tags(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        window: float,
        resampler: str = "soxr",
        strict: bool = False,
        track: int | str | None = None,
        channel: int | str = "mix",
        **settings: Any,
    ) -> Iterator[Tagging]:
        """Tags of stretches of a recording, as they become known; of all of it, `tag` gives them.

        With `channel='each'` or `track='all'` they come one channel or track after the other.

        Args:
            audio: as for `Asking.tag`.
            sample_rate: as for `Asking.tag`.
            window: length of a stretch in seconds.
            resampler: as for `Asking.tag`.
            strict: as for `Asking.tag`.
            track: as for `Asking.tag`.
            channel: as for `Asking.tag`.
            settings: as for `Asking.tag`.

        Raises:
            AudioError: as `Asking.tag`.
            UsageError: as `Asking.tag`.
        """
        reading = Reading(resampler, strict, track, channel)
        verb = Tag(self, window=window, **settings)
        return _stretches(verb, self._waveforms(audio, sample_rate, reading))

    def events(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        resampler: str = "soxr",
        strict: bool = False,
        track: int | str | None = None,
        channel: int | str = "mix",
        **settings: Any,
    ) -> Iterator[Event]:
        """The events of a recording, each as soon as nothing to come can change it.

        Args:
            audio: as for `Asking.tag`.
            sample_rate: as for `Asking.tag`.
            resampler: as for `Asking.tag`.
            strict: as for `Asking.tag`.
            track: as for `Asking.tag`, but one.
            channel: as for `Asking.tag`, but one or a mix.
            settings: as for `Asking.detect`.

        Returns:
            The events of `detect`, by the time at which they are known.

        Raises:
            AudioError: as `Asking.tag`.
            UsageError: as `Asking.detect`.
        """
        reading = Reading(resampler, strict, track, channel)
        if reading.is_several:
            raise UsageError(
                "an event does not say of which track or channel it is: ask for the events of one "
                "at a time, or detect() for a result of each"
            )
        listener = Detect(self, **settings).listener(name_of(audio))
        ((_, waveform),) = self._waveforms(audio, sample_rate, reading)
        return _events(listener, waveform)

    def embeddings(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        window: float,
        resampler: str = "soxr",
        strict: bool = False,
        track: int | str | None = None,
        channel: int | str = "mix",
        **settings: Any,
    ) -> Iterator[Embedding]:
        """Embeddings of stretches of a recording, as they become known.

        With `channel='each'` or `track='all'` they come one channel or track after the other.

        Args:
            audio: as for `Asking.tag`.
            sample_rate: as for `Asking.tag`.
            window: length of a stretch in seconds.
            resampler: as for `Asking.tag`.
            strict: as for `Asking.tag`.
            track: as for `Asking.tag`.
            channel: as for `Asking.tag`.
            settings: as for `Asking.tag`.

        Raises:
            AudioError: as `Asking.tag`.
            UsageError: as `Asking.embed`.
        """
        reading = Reading(resampler, strict, track, channel)
        verb = Embed(self, window=window, **settings)
        return _stretches(verb, self._waveforms(audio, sample_rate, reading))

    def _waveforms(
        self, audio: Source, sample_rate: int | None, reading: Reading
    ) -> list[tuple[str | None, Blocks]]:
        """Name and waveform, block by block, of each reading of a recording."""
        if sample_rate is None and not is_file(audio):
            float32_samples(audio)  # what holds no samples at all is told so
            raise UsageError("samples in memory do not know their rate: give sample_rate= in Hz")
        return [
            (name_of(source), waveform(source, self.sample_rate, BLOCK, one, sample_rate))
            for source, one in separate(audio, reading)
        ]


def _stretches(
    verb: StretchedVerb[R], waveforms: Iterable[tuple[str | None, Blocks]]
) -> Iterator[R]:
    """Results along a recording, of one reading after the other."""
    for name, along in waveforms:
        for result in verb.along(name, along):
            yield result.made_from(**along.origin)


def _events(listener: DetectListener, waveform: Blocks) -> Iterator[Event]:
    """Events of a recording, as they become known."""
    for samples in waveform:
        yield from listener.feed(samples)
    yield from listener.end()
