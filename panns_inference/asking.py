r"""The verbs as methods: a recording in, what a model says of it out.

file / array --audio.blocks--> blocks --listener--> Tagging, Detection, Embedding
                                               \---> events, tags, embeddings as they come
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from .audio import Blocks, Source, blocks, float32_samples, is_file, name_of
from .errors import UsageError
from .events import Event
from .names import closest
from .results import Detection, Embedding, Result, Tagging
from .verbs import VERBS, Asked, Detect, DetectListener, Embed, Listener, Tag, Verb

R = TypeVar("R", bound=Result)


class Asking(Asked):
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

    def tag(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        resampler: str = "soxr",
        strict: bool = False,
        **settings: Any,
    ) -> Tagging:
        """Which sounds a recording holds.

        A long recording is heard in blocks; the result is that of one pass over all of it.

        Args:
            audio: path or binary file of any format and rate, or samples in memory: (samples,) or
                (channels, samples), NumPy or torch, floats nominally in [-1, 1] or integers, which
                are divided by their full scale. Channels are mixed by their mean.
            sample_rate: of samples in memory, in Hz, which need it; a file knows its own.
            resampler: 'soxr'; 'resampy' (extra `resampy`); or 'torch', which computes on the GPU
                if there is one.
            strict: raise for a file that is cut or damaged, instead of warning.
            settings: `window` and `hop` in seconds, for the tags of stretches, too, and
                `skip_silence` in dB: the arguments of `verbs.Tag`.

        Raises:
            AudioError: if the recording cannot be read, is empty, or holds samples that are not
                finite.
            UsageError: if samples in memory come without their rate, a setting makes no sense, or
                the labels are not as many as the network's classes.
        """
        listener = Tag(self, **settings).listener(name_of(audio))
        return _heard(listener, self._blocks(audio, sample_rate, resampler, strict))

    def detect(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        resampler: str = "soxr",
        strict: bool = False,
        **settings: Any,
    ) -> Detection:
        """Which sounds a recording holds, and when.

        Args:
            audio: as for `tag`.
            sample_rate: as for `tag`.
            resampler: as for `tag`.
            strict: as for `tag`.
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
        listener = Detect(self, **settings).listener(name_of(audio))
        return _heard(listener, self._blocks(audio, sample_rate, resampler, strict))

    def embed(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        resampler: str = "soxr",
        strict: bool = False,
        **settings: Any,
    ) -> Embedding:
        """A recording as a vector, for search, clustering, or a classifier of one's own.

        Args:
            audio: as for `tag`.
            sample_rate: as for `tag`.
            resampler: as for `tag`.
            strict: as for `tag`.
            settings: as for `tag`.

        Raises:
            AudioError: as `tag`.
            UsageError: as `tag`, and if the network has no embedding of a whole recording.
        """
        listener = Embed(self, **settings).listener(name_of(audio))
        return _heard(listener, self._blocks(audio, sample_rate, resampler, strict))

    def tags(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        window: float,
        resampler: str = "soxr",
        strict: bool = False,
        **settings: Any,
    ) -> Iterator[Tagging]:
        """Tags of stretches of a recording, as they become known; of all of it, `tag` gives them.

        Args:
            audio: as for `tag`.
            sample_rate: as for `tag`.
            window: length of a stretch in seconds.
            resampler: as for `tag`.
            strict: as for `tag`.
            settings: as for `tag`.

        Raises:
            AudioError: as `tag`.
            UsageError: as `tag`.
        """
        verb = Tag(self, window=window, **settings)
        waveform = self._blocks(audio, sample_rate, resampler, strict)
        return _with_rate(verb.along(name_of(audio), waveform), waveform)

    def events(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        resampler: str = "soxr",
        strict: bool = False,
        **settings: Any,
    ) -> Iterator[Event]:
        """The events of a recording, each as soon as nothing to come can change it.

        Args:
            audio: as for `tag`.
            sample_rate: as for `tag`.
            resampler: as for `tag`.
            strict: as for `tag`.
            settings: as for `detect`.

        Returns:
            The events of `detect`, by the time at which they are known.

        Raises:
            AudioError: as `tag`.
            UsageError: as `detect`.
        """
        listener = Detect(self, **settings).listener(name_of(audio))
        return _events(listener, self._blocks(audio, sample_rate, resampler, strict))

    def embeddings(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        window: float,
        resampler: str = "soxr",
        strict: bool = False,
        **settings: Any,
    ) -> Iterator[Embedding]:
        """Embeddings of stretches of a recording, as they become known.

        Args:
            audio: as for `tag`.
            sample_rate: as for `tag`.
            window: length of a stretch in seconds.
            resampler: as for `tag`.
            strict: as for `tag`.
            settings: as for `tag`.

        Raises:
            AudioError: as `tag`.
            UsageError: as `embed`.
        """
        verb = Embed(self, window=window, **settings)
        waveform = self._blocks(audio, sample_rate, resampler, strict)
        return _with_rate(verb.along(name_of(audio), waveform), waveform)

    def _blocks(
        self, audio: Source, sample_rate: int | None, resampler: str, strict: bool
    ) -> Blocks:
        """The waveform of a recording, block by block."""
        if sample_rate is None and not is_file(audio):
            float32_samples(audio)  # what holds no samples at all is told so
            raise UsageError("samples in memory do not know their rate: give sample_rate= in Hz")
        return blocks(
            audio, self.sample_rate, sample_rate=sample_rate, resampler=resampler, strict=strict
        )


def _heard(listener: Listener[R], waveform: Blocks) -> R:
    """What a listener says of a recording."""
    for samples in waveform:
        listener.feed(samples)
    return replace(listener.finish(), source_rate=waveform.source_rate)


def _with_rate(results: Iterable[R], waveform: Blocks) -> Iterator[R]:
    """Results along a recording, with its sample rate."""
    for result in results:
        yield replace(result, source_rate=waveform.source_rate)


def _events(listener: DetectListener, waveform: Blocks) -> Iterator[Event]:
    """Events of a recording, as they become known."""
    for samples in waveform:
        yield from listener.feed(samples)
    yield from listener.end()
