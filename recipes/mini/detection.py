"""Event F1 and segment F1 of the events that the package finds.

event F1     a sound is found where an onset lies within 0.2 s of its own, and the offset within
             0.2 s or a fifth of its length, whichever is more; one finds one
segment F1   classes in whole seconds

Sums go over all recordings and classes (Mesaros, Heittola and Virtanen, "Metrics for polyphonic
sound event detection", Applied Sciences 6, 2016; in the way of sed_eval). A class is scored if it
sounds in some recording of the collection; what is found of it elsewhere counts against it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from panns_inference.events import find_events
from panns_inference.models.mini import PannsMini

from .sounds import SAMPLE_RATE

COLLAR = 0.2
"""Seconds that an onset may be off."""

SHARE = 0.2
"""Of its length, that the offset of a sound may be off."""

TOLERANCE = 1e-6
"""Seconds by which a time may miss its frame."""

FRAMES_PER_SECOND = SAMPLE_RATE / PannsMini.published.hop_size

Listener = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""A waveform, (samples,), to framewise probabilities, (frames, 527)."""


class Sound(NamedTuple):
    """What sounds, or is found; times in seconds."""

    onset: float
    offset: float
    label: str


class Soundscape(NamedTuple):
    """A recording in which it is known what sounds when."""

    waveform: NDArray[np.float32]
    sounds: list[Sound]


class Collection(NamedTuple):
    """Soundscapes that are scored together."""

    soundscapes: list[Soundscape]
    columns: dict[str, tuple[int, ...]]
    """Label to the classes that mean it: the most probable one counts."""


class Heard(NamedTuple):
    """Framewise probabilities of a soundscape."""

    framewise: NDArray[np.float32]
    """(frames, labels of the collection)."""

    soundscape: Soundscape
    frames_per_second: float = FRAMES_PER_SECOND


class Counts(NamedTuple):
    """Sounds or segments, added up."""

    hits: int
    found: int
    there: int

    @property
    def precision(self) -> float:
        """Share of what was found that is there."""
        return self.hits / max(1, self.found)

    @property
    def recall(self) -> float:
        """Share of what is there that was found."""
        return self.hits / max(1, self.there)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.hits / max(1, self.found + self.there)


class Scores(NamedTuple):
    """Both ways to count."""

    events: Counts
    segments: Counts


def heard(network: PannsMini, collection: Collection) -> list[Heard]:
    """Return the framewise probabilities of all soundscapes.

    Args:
        network: in evaluation mode.
        collection: the soundscapes.
    """
    return heard_by(lambda waveform: framewise(network, waveform), FRAMES_PER_SECOND, collection)


def heard_by(listener: Listener, frames_per_second: float, collection: Collection) -> list[Heard]:
    """Return what a listener hears in all soundscapes.

    Args:
        listener: waveforms to framewise probabilities.
        frames_per_second: of these.
        collection: the soundscapes.
    """
    return [
        Heard(
            np.stack([every[:, k].max(axis=1) for k in collection.columns.values()], axis=1),
            each,
            frames_per_second,
        )
        for each in collection.soundscapes
        for every in [listener(each.waveform)]
    ]


def framewise(network: PannsMini, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return probabilities, (frames, 527).

    Args:
        network: in evaluation mode.
        waveform: (samples,).
    """
    with torch.inference_mode():
        output = network(torch.from_numpy(waveform)[None])["framewise_output"][0]
    return np.asarray(output.numpy())


def found(each: Heard, labels: Sequence[str], **rules: Any) -> list[Sound]:
    """Return what the package finds.

    Args:
        each: the framewise probabilities.
        labels: of their columns.
        rules: those of `find_events`.
    """
    duration = len(each.soundscape.waveform) / SAMPLE_RATE
    events = find_events(
        each.framewise, each.frames_per_second, duration=duration, labels=labels, **rules
    )
    return [Sound(event.onset, event.offset, event.label) for event in events]


def scores(each: Sequence[Heard], labels: Sequence[str], **rules: Any) -> list[Scores]:
    """Return the counts of each soundscape.

    Args:
        each: the framewise probabilities.
        labels: of their columns.
        rules: those of `find_events`.
    """
    return [
        Scores(event_counts(truth, ours), segment_counts(truth, ours))
        for one in each
        for truth, ours in [(one.soundscape.sounds, found(one, labels, **rules))]
    ]


def summed(parts: Iterable[Scores]) -> Scores:
    """Return the counts of several soundscapes together.

    Args:
        parts: those of each.
    """
    events, segments = zip(*parts, strict=True)
    return Scores(*(Counts(*map(sum, zip(*each, strict=True))) for each in (events, segments)))


def event_counts(truth: Sequence[Sound], ours: Sequence[Sound]) -> Counts:
    """Count events: each sound is found by at most one, and as many are as can be.

    Args:
        truth: what sounds.
        ours: what was found.
    """
    candidates = [[k for k, sound in enumerate(ours) if _same(each, sound)] for each in truth]
    return Counts(largest_matching(candidates), len(ours), len(truth))


def segment_counts(truth: Sequence[Sound], ours: Sequence[Sound]) -> Counts:
    """Count the whole seconds in which each class sounds.

    Args:
        truth: what sounds.
        ours: what was found.
    """
    there, said = _seconds(truth), _seconds(ours)
    return Counts(len(there & said), len(said), len(there))


def largest_matching(candidates: Sequence[Sequence[int]]) -> int:
    """Return how many can have one of their candidates for themselves, by augmenting paths.

    Args:
        candidates: of each.
    """
    taken: dict[int, int] = {}

    def finds_one(number: int, tried: set[int]) -> bool:
        for each in candidates[number]:
            if each not in tried:
                tried.add(each)
                if each not in taken or finds_one(taken[each], tried):
                    taken[each] = number
                    return True
        return False

    return sum(finds_one(number, set()) for number in range(len(candidates)))


def _same(truth: Sound, ours: Sound) -> bool:
    collar = max(COLLAR, SHARE * (truth.offset - truth.onset))
    return (
        truth.label == ours.label
        and abs(truth.onset - ours.onset) <= COLLAR + TOLERANCE
        and abs(truth.offset - ours.offset) <= collar + TOLERANCE
    )


def _seconds(sounds: Sequence[Sound]) -> set[tuple[str, int]]:
    return {
        (sound.label, second)
        for sound in sounds
        for second in range(math.floor(sound.onset), math.ceil(sound.offset))
    }
