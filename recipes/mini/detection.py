"""Event F1 and segment F1 of the events that the package finds.

Collars are 0.2 s, or a fifth of the length for an offset if that is more; segments are whole
seconds. Sums go over all recordings and classes. A class is scored if it
sounds in some recording of the collection; what is found of it elsewhere counts against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from panns_inference.events import Event, find_events
from panns_inference.metrics import Annotation, Counts, event_based, segment_based
from panns_inference.models.mini import PannsMini

from .sounds import SAMPLE_RATE

FRAMES_PER_SECOND = SAMPLE_RATE / PannsMini.published.hop_size

Listener = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""A waveform, (samples,), to framewise probabilities, (frames, 527)."""


class Soundscape(NamedTuple):
    """A recording in which it is known what sounds when."""

    waveform: NDArray[np.float32]
    sounds: list[Annotation]


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


def found(each: Heard, labels: Sequence[str], **rules: Any) -> list[Event]:
    """Return what the package finds.

    Args:
        each: the framewise probabilities.
        labels: of their columns.
        rules: those of `find_events`.
    """
    duration = len(each.soundscape.waveform) / SAMPLE_RATE
    return find_events(
        each.framewise, each.frames_per_second, duration=duration, labels=labels, **rules
    )


def scores(each: Sequence[Heard], labels: Sequence[str], **rules: Any) -> list[Scores]:
    """Return the counts of each soundscape.

    Args:
        each: the framewise probabilities.
        labels: of their columns.
        rules: those of `find_events`.
    """
    return [
        Scores(*(way(*pair, labels=labels).micro for way in (event_based, segment_based)))
        for one in each
        for pair in [({"": one.soundscape.sounds}, {"": found(one, labels, **rules)})]
    ]


def summed(each: Iterable[Scores]) -> Scores:
    """Return the counts of several soundscapes together.

    Args:
        each: those of each.
    """
    nothing = Counts(0, 0, 0)
    return Scores(*(sum(counts, nothing) for counts in zip(*each, strict=True)))
