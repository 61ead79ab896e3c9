"""The verbs as methods: a recording in, what a model says of it out.

file / array --audio.waveform--> blocks --listener--> Tagging, Detection, Embedding
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar, overload

from .along import Along
from .audio import Blocks, Reading, Source
from .names import closest
from .results import Detection, Embedding, Result, Tagging
from .verbs import VERBS, Detect, Embed, Listener, Tag, Verb

R = TypeVar("R", bound=Result)

Each = Literal["each"]
All = Literal["all"]


class Asking(Along):
    """What can be asked in one line of whoever can be asked."""

    def verb(self, name: str, **settings: Any) -> Verb:
        """A question to this model, its settings checked, for many recordings.

        Args:
            name: 'tag', 'detect' or 'embed'.
            settings: those of the verb.

        Raises:
            UsageError: for another name, if a setting makes no sense, or if the network cannot
                answer.
        """
        return VERBS[closest(name, VERBS, "verb")](self, **settings)

    @overload
    def tag(
        self, audio: Source, sample_rate: int | None = None, *, channel: Each, **settings: Any
    ) -> list[Tagging]: ...

    @overload
    def tag(
        self, audio: Source, sample_rate: int | None = None, *, track: All, **settings: Any
    ) -> list[Tagging]: ...

    @overload
    def tag(self, audio: Source, sample_rate: int | None = None, **settings: Any) -> Tagging: ...

    def tag(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        resampler: str = "soxr",
        strict: bool = False,
        track: int | str | None = None,
        channel: int | str = "mix",
        **settings: Any,
    ) -> Tagging | list[Tagging]:
        """Which sounds a recording holds.

        A long recording is heard in blocks; the result is that of one pass over all of it.

        Args:
            audio: path or binary file of any format and rate, or samples in memory: (samples,) or
                (channels, samples), NumPy or torch, floats nominally in [-1, 1] or integers, which
                are divided by their full scale.
            sample_rate: of samples in memory, in Hz, which need it; a file knows its own.
            resampler: 'soxr'; 'resampy' (extra `resampy`); or 'torch', which computes on the GPU
                if there is one.
            strict: raise for a recording that is cut or damaged, instead of warning.
            track: number of the sound track of a file, from 1; None is its default track; 'all'
                gives a list with a result of each.
            channel: 'mix' for the mean of the channels; the number of one, from 1; 'left' and
                'right', which are channels 1 and 2; 'each' gives a list with a result of each.
            settings: `window` and `hop` in seconds, for the tags of stretches, too, and
                `skip_silence` in dB: the arguments of `verbs.Tag`.

        Raises:
            AudioError: if the recording cannot be read, is empty, or holds samples that are not
                finite.
            UsageError: if samples in memory come without their rate, a setting makes no sense, or
                the labels are not as many as the network's classes.
        """
        reading = Reading(resampler, strict, track, channel)
        found = self._heard(Tag(self, **settings), audio, sample_rate, reading)
        return found if reading.is_several else found[0]

    @overload
    def detect(
        self, audio: Source, sample_rate: int | None = None, *, channel: Each, **settings: Any
    ) -> list[Detection]: ...

    @overload
    def detect(
        self, audio: Source, sample_rate: int | None = None, *, track: All, **settings: Any
    ) -> list[Detection]: ...

    @overload
    def detect(
        self, audio: Source, sample_rate: int | None = None, **settings: Any
    ) -> Detection: ...

    def detect(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        resampler: str = "soxr",
        strict: bool = False,
        track: int | str | None = None,
        channel: int | str = "mix",
        **settings: Any,
    ) -> Detection | list[Detection]:
        """Which sounds a recording holds, and when.

        Args:
            audio: as for `tag`.
            sample_rate: as for `tag`.
            resampler: as for `tag`.
            strict: as for `tag`.
            track: as for `tag`.
            channel: as for `tag`.
            settings: how events follow from probabilities: `threshold`, `threshold_off`, `smooth`,
                `min_duration`, `merge_gap`, `pad`, `classes`, `exclude` of `events.find_events`;
                `framewise=True` keeps the framewise probabilities; `window` and `hop` in seconds
                of a network that has none and slides; `skip_silence` in dB: the arguments of
                `verbs.Detect`.

        Raises:
            AudioError: as `tag`.
            UsageError: as `tag`, and if a rule makes no sense.

        Warns:
            UserWarning: if the network slides: times are as coarse as its hop.
        """
        reading = Reading(resampler, strict, track, channel)
        found = self._heard(Detect(self, **settings), audio, sample_rate, reading)
        return found if reading.is_several else found[0]

    @overload
    def embed(
        self, audio: Source, sample_rate: int | None = None, *, channel: Each, **settings: Any
    ) -> list[Embedding]: ...

    @overload
    def embed(
        self, audio: Source, sample_rate: int | None = None, *, track: All, **settings: Any
    ) -> list[Embedding]: ...

    @overload
    def embed(
        self, audio: Source, sample_rate: int | None = None, **settings: Any
    ) -> Embedding: ...

    def embed(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        resampler: str = "soxr",
        strict: bool = False,
        track: int | str | None = None,
        channel: int | str = "mix",
        **settings: Any,
    ) -> Embedding | list[Embedding]:
        """A recording as a vector, for search, clustering, or a classifier of one's own.

        Args:
            audio: as for `tag`.
            sample_rate: as for `tag`.
            resampler: as for `tag`.
            strict: as for `tag`.
            track: as for `tag`.
            channel: as for `tag`.
            settings: as for `tag`.

        Raises:
            AudioError: as `tag`.
            UsageError: as `tag`, and if the network has no embedding of a whole recording.
        """
        reading = Reading(resampler, strict, track, channel)
        found = self._heard(Embed(self, **settings), audio, sample_rate, reading)
        return found if reading.is_several else found[0]

    def _heard(
        self, verb: Verb, audio: Source, sample_rate: int | None, reading: Reading
    ) -> list[Any]:
        """The result of each reading of a recording."""
        return [
            _finished(verb.listener(name), waveform)
            for name, waveform in self._waveforms(audio, sample_rate, reading)
        ]


def _finished(listener: Listener[R], waveform: Blocks) -> R:
    """What a listener says of a recording."""
    for samples in waveform:
        listener.feed(samples)
    return listener.finish().made_from(**waveform.origin)
