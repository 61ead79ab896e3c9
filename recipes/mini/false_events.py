"""False events: what is found in five minutes of sound in which it is not.

Music, speech and rain are windows that training never heard, one after the other; an event is
false where the teacher does not even give its class a tenth. Noise and silence are made.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from panns_inference.audioset import labels
from panns_inference.events import find_events
from panns_inference.models.mini import PannsMini
from panns_inference.training.distillation.recordings import Recordings

from .collection import WINDOW, Sounds, waveform_of
from .detection import FRAMES_PER_SECOND, framewise
from .sounds import SAMPLE_RATE

SECONDS = 300
TENTH = np.log(0.1 / 0.9)
"""Logit of what the teacher thinks of at all."""

FIRST = {
    "music": ("Music",),
    "speech": ("Speech",),
    "rain": ("Rain", "Raindrop", "Rain on surface"),
}
"""Kind to the classes of which one is the teacher's first."""

QUIET = {"quiet noise": -60.0, "silence": -np.inf}
"""Decibels."""

NOISES = ("Silence", "Noise", "White noise", "Pink noise", "Static", "Environmental noise")


class Stretch(NamedTuple):
    """Five minutes."""

    waveform: NDArray[np.float32]
    possible: NDArray[np.bool_]
    """Which classes may be in each stretch of 5 s, (stretches, 527)."""


def stretches(recordings: Recordings, *parts: Sounds) -> dict[str, Stretch]:
    """Return five minutes of each kind.

    Args:
        recordings: the decoded ones.
        parts: windows that are held out.
    """
    found = {}
    for kind, names in FIRST.items():
        first = [labels.index(name) for name in names]
        windows = [
            (waveform_of(recordings, window), logits > TENTH)
            for part in parts
            for window, logits in zip(part.windows, part.logits, strict=True)
            if window.length == WINDOW and window.start % WINDOW == 0 and logits.argmax() in first
        ]
        waveforms, possible = zip(*windows, strict=True)
        repeats = np.arange(SECONDS * SAMPLE_RATE // WINDOW) % len(windows)
        found[kind] = Stretch(
            np.concatenate([waveforms[k] for k in repeats]), np.stack(possible)[repeats]
        )
    return found | _quiet()


def _quiet() -> dict[str, Stretch]:
    noise = np.random.default_rng(1).standard_normal(SECONDS * SAMPLE_RATE).astype(np.float32)
    possible = np.zeros((SECONDS * SAMPLE_RATE // WINDOW, len(labels)), np.bool_)
    possible[:, [labels.index(name) for name in NOISES]] = True
    return {
        kind: Stretch(noise * np.float32(10 ** (decibels / 20)), possible)
        for kind, decibels in QUIET.items()
    }


def false_events(network: PannsMini, stretch: Stretch, **rules: Any) -> Counter[str]:
    """Return how many events of each class are false.

    Args:
        network: in evaluation mode.
        stretch: five minutes.
        rules: those of `find_events`.
    """
    probabilities = framewise(network, stretch.waveform)
    every = int(WINDOW / SAMPLE_RATE * FRAMES_PER_SECOND)
    possible = np.repeat(stretch.possible, every, axis=0)
    probabilities[: len(possible)][possible[: len(probabilities)]] = 0
    events = find_events(probabilities, FRAMES_PER_SECOND, duration=SECONDS, **rules)
    return Counter(event.label for event in events)
