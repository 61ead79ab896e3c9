"""Recordings in, results out: `tag` and `embed` of every model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn, overload

from .arguments import unknown_argument
from .audio import Reading, Source
from .detector import Detector
from .pipeline import EmbeddingTask, TaggingTask
from .pipeline.run import results_of
from .results import Embedding, Tagging

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .keywords import All, Clipwise, Each, Many, One, Side


class Recogniser(Detector):
    """A model that recordings are given to."""

    @overload
    def tag(  # type: ignore[overload-overlap]
        self,
        audio: One,
        sample_rate: int | None = None,
        *,
        channel: Each,
        track: int | All | None = None,
        **more: Unpack[Clipwise],
    ) -> list[Tagging]: ...

    @overload
    def tag(  # type: ignore[overload-overlap]
        self,
        audio: One,
        sample_rate: int | None = None,
        *,
        channel: int | Side = "mix",
        track: All,
        **more: Unpack[Clipwise],
    ) -> list[Tagging]: ...

    @overload
    def tag(  # type: ignore[overload-overlap]
        self,
        audio: One,
        sample_rate: int | None = None,
        *,
        channel: int | Side = "mix",
        track: int | None = None,
        **more: Unpack[Clipwise],
    ) -> Tagging: ...

    @overload
    def tag(
        self,
        audio: Many,
        sample_rate: int | None = None,
        *,
        channel: Each,
        track: int | All | None = None,
        **more: Unpack[Clipwise],
    ) -> list[list[Tagging]]: ...

    @overload
    def tag(
        self,
        audio: Many,
        sample_rate: int | None = None,
        *,
        channel: int | Side = "mix",
        track: All,
        **more: Unpack[Clipwise],
    ) -> list[list[Tagging]]: ...

    @overload
    def tag(
        self,
        audio: Many,
        sample_rate: int | None = None,
        *,
        channel: int | Side = "mix",
        track: int | None = None,
        **more: Unpack[Clipwise],
    ) -> list[Tagging]: ...

    def tag(
        self,
        audio: Source | Iterable[Source],
        sample_rate: int | None = None,
        *,
        window: float | None = None,
        hop: float | None = None,
        min_clip: float | None = None,
        skip_silence: float | None = None,
        resampler: str = "soxr",
        strict: bool = False,
        track: int | str | None = None,
        channel: int | str = "mix",
        **_unknown: NoReturn,
    ) -> Tagging | list[Tagging] | list[list[Tagging]]:
        """Return which sounds a recording holds.

        A long recording goes through the network in blocks; the result is that of one pass over all
        of it.

        Args:
            audio: path or binary file of any format and rate, or the bytes of one; samples in
                memory, (samples,), (channels, samples) or (samples, channels), NumPy or torch,
                floats nominally in [-1, 1] or integers, which are divided by their full scale; a
                mapping as in Hugging Face's datasets, with 'array' and 'sampling_rate', or 'bytes',
                or 'path'. A list of such, or another iterable, gives a list of results.
            sample_rate: of samples in memory, in Hz, which need it; a file knows its own.
            window: seconds of the stretches of which there are tags, too; None is none.
            hop: seconds from a stretch to the next; None is `window`.
            min_clip: seconds of the shortest clip that the network is given: a recording or
                stretch that is shorter is put in the middle of zeros of that length, in which short
                sounds are often recognised better. 0 pads nothing; None is 3 for LeeNet11, for
                which that was measured, unless silence is skipped, and 0 for all others.
            skip_silence: level in dB relative to full scale, 0 or less, up to which samples are
                silence that need not go through the network; None computes everything.
            resampler: 'soxr', or 'resampy' (extra `resampy`).
            strict: raise for a recording that is cut or damaged, instead of warning.
            track: number of the sound track of a file, from 1; None is its default track; 'all'
                gives a list with a result of each.
            channel: 'mix' for the mean of the channels; the number of one, from 1; 'left' and
                'right', which are channels 1 and 2; 'each' gives a list with a result of each.

        Raises:
            AudioError: if the recording cannot be read, is empty, or holds samples that are not
                finite.
            UsageError: if samples in memory come without their rate, a setting makes no sense, or
                the labels are not as many as the network's classes.
        """
        if _unknown:
            raise unknown_argument(_unknown, self.tag, type(self), Tagging.top)
        task = TaggingTask(
            self, window=window, hop=hop, min_clip=min_clip, skip_silence=skip_silence
        )
        return results_of(task, audio, sample_rate, Reading(resampler, strict, track, channel))

    @overload
    def embed(  # type: ignore[overload-overlap]
        self,
        audio: One,
        sample_rate: int | None = None,
        *,
        channel: Each,
        track: int | All | None = None,
        **more: Unpack[Clipwise],
    ) -> list[Embedding]: ...

    @overload
    def embed(  # type: ignore[overload-overlap]
        self,
        audio: One,
        sample_rate: int | None = None,
        *,
        channel: int | Side = "mix",
        track: All,
        **more: Unpack[Clipwise],
    ) -> list[Embedding]: ...

    @overload
    def embed(  # type: ignore[overload-overlap]
        self,
        audio: One,
        sample_rate: int | None = None,
        *,
        channel: int | Side = "mix",
        track: int | None = None,
        **more: Unpack[Clipwise],
    ) -> Embedding: ...

    @overload
    def embed(
        self,
        audio: Many,
        sample_rate: int | None = None,
        *,
        channel: Each,
        track: int | All | None = None,
        **more: Unpack[Clipwise],
    ) -> list[list[Embedding]]: ...

    @overload
    def embed(
        self,
        audio: Many,
        sample_rate: int | None = None,
        *,
        channel: int | Side = "mix",
        track: All,
        **more: Unpack[Clipwise],
    ) -> list[list[Embedding]]: ...

    @overload
    def embed(
        self,
        audio: Many,
        sample_rate: int | None = None,
        *,
        channel: int | Side = "mix",
        track: int | None = None,
        **more: Unpack[Clipwise],
    ) -> list[Embedding]: ...

    def embed(
        self,
        audio: Source | Iterable[Source],
        sample_rate: int | None = None,
        *,
        window: float | None = None,
        hop: float | None = None,
        min_clip: float | None = None,
        skip_silence: float | None = None,
        resampler: str = "soxr",
        strict: bool = False,
        track: int | str | None = None,
        channel: int | str = "mix",
        **_unknown: NoReturn,
    ) -> Embedding | list[Embedding] | list[list[Embedding]]:
        """Return a recording as a vector, for search, clustering, or a classifier of one's own.

        Args:
            audio: as for `tag`.
            sample_rate: as for `tag`.
            window: as for `tag`.
            hop: as for `tag`.
            min_clip: as for `tag`.
            skip_silence: as for `tag`.
            resampler: as for `tag`.
            strict: as for `tag`.
            track: as for `tag`.
            channel: as for `tag`.

        Raises:
            AudioError: as `tag`.
            UsageError: as `tag`, and if the network has no embedding of a whole recording.
        """
        if _unknown:
            raise unknown_argument(_unknown, self.embed, type(self))
        task = EmbeddingTask(
            self, window=window, hop=hop, min_clip=min_clip, skip_silence=skip_silence
        )
        return results_of(task, audio, sample_rate, Reading(resampler, strict, track, channel))
