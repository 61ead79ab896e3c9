"""Segments of recordings: what the framewise head is given for each, and what is known of it.

    clips of which only the classes are known --30 s of each at most--.
                                                                       >--network--> segments
    recordings whose events are known --cut side by side---------------'

They are kept on the disk, as embeddings are: 12.8 kB a second, a fifth of a WAV file of 32 kHz.
"""

from __future__ import annotations

import itertools
import logging
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from ...audio import length_of, stated_length
from ...batch import Failure
from ...errors import AudioError
from ...evaluation import Known
from ...metrics import Annotation
from ...models.mini import PannsMini
from ...similar.fragments import Origin
from ..data import Clip, Dataset
from ..data.cutting import in_order, waveforms_of
from ..samplers import Alternate
from .partition import Mask
from .stretches import OnError, Place, Values, kept_stretches, place_of

LOG = logging.getLogger("panns_inference")

LONGEST_SECONDS = 30
"""Of a stretch: it goes through the network at once."""

MOST_SEGMENTS = 200_000
"""That are learnt from: 9 hours, and 0.4 GB. Of more, stretches are drawn: in turn any of them, and
one of each class."""


@dataclass(frozen=True, eq=False)
class Segments:
    """The segments of stretches of recordings.

    Attributes:
        dataset: the stretches, and what is known of them.
        values: what the last layer is given for each segment, (segments, n) float32.
        owners: number of the stretch that each is of, (segments,), ascending.
        seconds: length of a segment.
    """

    dataset: Dataset
    values: Values
    owners: NDArray[np.intp]
    seconds: float

    @property
    def is_timed(self) -> Mask:
        """Whether it is known of a stretch when its events are, (stretches,)."""
        return np.array([clip.events is not None for clip in self.dataset.clips], bool)

    @property
    def shares(self) -> NDArray[np.float32]:
        """How much of each segment the events of a class fill, (segments, classes).

        Zeros where it is not known when events are.
        """
        columns = {label: column for column, label in enumerate(self.dataset.labels)}
        shares = np.zeros((len(self.owners), len(columns)), np.float32)
        starts = np.searchsorted(self.owners, np.arange(len(self.dataset.clips) + 1))
        for clip, (first, end) in zip(
            self.dataset.clips, itertools.pairwise(starts.tolist()), strict=True
        ):
            edges = clip.onset + self.seconds * np.arange(end - first + 1)
            for event in clip.events or ():
                inside = np.diff(np.clip(edges, event.onset, event.offset))
                shares[first:end, columns[event.label]] += inside / self.seconds
        return np.minimum(shares, 1)

    def where(self, mask: Mask) -> Segments:
        """Return the segments of some of the stretches.

        Args:
            mask: whether a stretch is one of them, (stretches,).
        """
        if mask.all():
            return self  # half a gigabyte is not copied
        taken, numbers = mask[self.owners], np.cumsum(mask) - 1
        return replace(
            self,
            dataset=replace(
                self.dataset, clips=tuple(itertools.compress(self.dataset.clips, mask))
            ),
            values=self.values[taken],
            owners=numbers[self.owners[taken]],
        )

    def of(self, clips: Iterable[Clip]) -> Segments:
        """Return the segments of some of the clips that all are of.

        Args:
            clips: some of them; a recording whose events are known is taken as a whole.
        """
        wanted = {clip.path if clip.events is not None else _beginning(clip) for clip in clips}
        mask = [
            (clip.path if clip.events is not None else clip) in wanted
            for clip in self.dataset.clips
        ]
        return self.where(np.array(mask, bool))

    def scenes(self, probabilities: NDArray[np.floating]) -> Iterator[Known]:
        """Yield the timed stretches with their events; those that adjoin are one.

        Args:
            probabilities: of all segments, (segments, classes).
        """
        clips, start = self.dataset.clips, 0
        ends = [k + 1 for k, pair in enumerate(itertools.pairwise(clips)) if not _adjoin(*pair)]
        for end in [*ends, len(clips)] if clips else []:
            onset, offset, events = clips[start].onset, clips[end - 1].offset, clips[start].events
            if events is not None and offset is not None:
                rows = slice(*np.searchsorted(self.owners, (start, end)))
                there = _inside(events, onset, offset)
                yield Known(probabilities[rows], 1 / self.seconds, offset - onset, there)
            start = end


def segments_of(
    network: PannsMini,
    dataset: Dataset,
    origin: Origin | None = None,
    folder: str | os.PathLike[str] | None = None,
    *,
    progress: bool = False,
) -> Segments:
    """Return the segments of clips, and of the whole recordings of those whose events are known.

    Args:
        network: whose framewise head is learnt.
        dataset: the clips; of too much, some is drawn, and what cannot be read is left out.
        origin: what the weights of the network are known by, if segments are to be kept; None
            keeps none.
        folder: where they are kept; None is `.panns-embeddings` in the folder that all recordings
            share.
        progress: whether stderr shows how far it is, if that is a terminal.

    Raises:
        OutputError: if they cannot be kept.
    """
    seconds = network.segment_frames * network.hop_size / network.sample_rate
    stretches = _few_enough(replace(dataset, clips=_stretches(dataset, seconds)), seconds)
    compute = partial(_computed, network)
    if origin is None:
        found = dict(compute(stretches, _ignore))
    else:
        of_segments = {**origin, "segments": True}
        found = kept_stretches(
            of_segments, stretches, compute, folder, on_error=_ignore, progress=progress
        )
    read = tuple(clip for clip in stretches if place_of(clip) in found)
    values = [found[place_of(clip)] for clip in read]
    owners = np.repeat(np.arange(len(values)), [*map(len, values)])
    return Segments(replace(dataset, clips=read), np.concatenate(values), owners, seconds)


def _ignore(_: Failure) -> None:
    """What cannot be read was named when the clips were embedded or packed."""


def _few_enough(data: Dataset, seconds: float) -> tuple[Clip, ...]:
    """All stretches, or as many as there may be segments of, in their order."""
    if len(data.clips) * LONGEST_SECONDS <= MOST_SEGMENTS * seconds:
        return data.clips
    lengths = [_length(clip) for clip in data.clips]
    left = MOST_SEGMENTS * seconds
    if sum(lengths) <= left:
        return data.clips
    sampler = Alternate(data, batch_size=1, seed=0)
    taken, numbers = set[int](), itertools.count()
    while len(taken) < len(lengths):
        if (drawn := sampler.draw(next(numbers))) in taken:
            continue
        left -= lengths[drawn]
        if left < 0:
            break
        taken.add(drawn)
    LOG.info("learning when sounds are from %d of %d stretches", len(taken), len(lengths))
    return tuple(data.clips[number] for number in sorted(taken))


def _length(clip: Clip) -> float:
    """Seconds of a stretch, as far as its recording says how long it is."""
    end = math.inf if clip.offset is None else clip.offset
    return max(0.0, min(end, stated_length(clip.path)) - clip.onset)


def _stretches(dataset: Dataset, seconds: float) -> tuple[Clip, ...]:
    """What goes through the network at once."""
    timed: dict[Path, list[Clip]] = {}
    for clip in dataset.clips:
        if clip.events is not None:
            timed.setdefault(clip.path, []).append(clip)
    weak = [_beginning(clip) for clip in dataset.clips if clip.events is None]
    whole = [each for clips in timed.values() for each in _side_by_side(clips, seconds)]
    return (*weak, *whole)


def _beginning(clip: Clip) -> Clip:
    """As much of a clip as is looked at."""
    most = clip.onset + LONGEST_SECONDS
    return replace(clip, offset=most if clip.offset is None else min(clip.offset, most))


def _side_by_side(clips: Sequence[Clip], seconds: float) -> Iterator[Clip]:
    """A recording from its beginning to where its clips end, in stretches of whole segments."""
    path, events = clips[0].path, clips[0].events or ()
    end = max(length_of(path) if clip.offset is None else clip.offset for clip in clips)
    n_segments = math.ceil(end / seconds)
    number = math.ceil(n_segments * seconds / LONGEST_SECONDS)
    edges = [seconds * (n_segments * k // number) for k in range(number)]
    for onset, offset in itertools.pairwise([*edges, end]):
        labels = {each.label for each in _inside(events, onset, offset)}
        yield replace(clips[0], labels=tuple(sorted(labels)), onset=onset, offset=offset)


def _inside(events: Iterable[Annotation], onset: float, offset: float) -> list[Annotation]:
    """Events as far as they lie in a stretch, with times from its beginning."""
    return [
        Annotation(max(each.onset, onset) - onset, min(each.offset, offset) - onset, each.label)
        for each in events
        if each.onset < offset and each.offset > onset
    ]


def _adjoin(before: Clip, clip: Clip) -> bool:
    """Whether the events of two stretches are known, and the second begins where the first ends."""
    return clip.events is not None and (before.path, before.offset) == (clip.path, clip.onset)


def _computed(
    network: PannsMini, clips: Sequence[Clip], on_error: OnError
) -> Iterator[tuple[Place, Values]]:
    ordered, most_samples = in_order(clips), LONGEST_SECONDS * network.sample_rate
    read = waveforms_of(ordered, network.sample_rate, most_samples)
    for clip, waveform in zip(ordered, read, strict=True):
        if isinstance(waveform, AudioError):
            on_error(Failure(str(clip.path), str(waveform)))
        else:
            yield place_of(clip), _values(network, waveform)


def _values(network: PannsMini, samples: NDArray[np.float32]) -> Values:
    waveform = torch.from_numpy(samples)[None]
    n_segments = -(-waveform.shape[1] // (network.segment_frames * network.hop_size))
    if waveform.shape[1] < network.minimum_samples:
        waveform = functional.pad(waveform, (0, network.minimum_samples - waveform.shape[1]))
    with torch.inference_mode():
        features = network.segment_features(waveform.to(network.fc1.weight.device))
        values = network.framewise_head[:-1](features)[0, :, :n_segments]
    found: Values = values.T.float().cpu().numpy()
    return found
