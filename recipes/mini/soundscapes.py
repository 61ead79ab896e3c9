"""Soundscapes to be judged by: sounds with a name, on backgrounds, all of them held out.

They are made as the scenes of training are, but longer, of sources that training never heard, and
with a class for each sound: what the name of its file says.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from panns_inference.audioset import labels
from panns_inference.metrics import Annotation
from panns_inference.training.distillation.recordings import Recordings, decode

from .collection import Sounds, Window, waveform_of
from .detection import Collection, Soundscape
from .isolated import FRAME, GAP_FRAMES, is_steady
from .names import named_classes
from .sampler import Sampler
from .scenes import Event, Placing, scene
from .sounds import SAMPLE_RATE

SECONDS = (20, 60)
"""Of a soundscape, at least and at most."""

MOST_A_SECOND = 0.3
"""Sounds in a second, at most: as in training."""

AT_ONCE = 3
NOISE = 0.2
"""How often the background is noise: as in training."""

DECIBELS = (-60, -25)
"""Of the background."""

DOUBTFUL = 0.2
"""A window in which the teacher finds a class that is scored with this probability, or a larger
one, is no background."""

GAP = GAP_FRAMES * FRAME
"""Samples between two sounds of a class, up to which they are one: as within a sound."""


def soundscapes(
    recordings: Recordings, windows: Sounds, unseen: Sounds, number: int, seed: int
) -> Collection:
    """Return soundscapes that follow from their seed.

    Args:
        recordings: the decoded ones.
        windows: validation windows of `distill`, for backgrounds.
        unseen: windows of sources that training never heard.
        number: how many soundscapes.
        seed: of what is drawn.
    """
    # Who says Dog where a dog barks is right: only the lowest classes are placed.
    above = {k for classes in unseen.named for k in classes[1:]}
    chosen = [k for k, each in enumerate(unseen.named) if each and each[0] not in above]
    classes = [unseen.named[k][0] for k in chosen]
    sampler = Sampler(chosen, classes, 1.0)
    backgrounds = [
        window
        for part in (windows, unseen)
        for window in _backgrounds(recordings, part, sorted(set(classes)))
    ]
    made = []
    for index in range(number):
        draw = np.random.default_rng((seed, index))
        background = _background(recordings, backgrounds, draw)
        made.append(_soundscape(recordings, unseen, sampler, background, draw))
    placed = dict.fromkeys(sound.label for each in made for sound in each.sounds)
    return Collection(made, {label: (labels.index(label),) for label in placed})


def _backgrounds(recordings: Recordings, sounds: Sounds, classes: list[int]) -> list[Window]:
    """Windows without a name that are steady, in which the teacher hears none of the classes."""
    largest = sounds.in_silence[:, classes].max(axis=1)
    return [
        window
        for window, logit in zip(sounds.windows, largest, strict=True)
        if logit < np.log(DOUBTFUL / (1 - DOUBTFUL))
        and window.length > SAMPLE_RATE
        and not named_classes(window.name)
        and is_steady(waveform_of(recordings, window))
    ]


def _background(
    recordings: Recordings, windows: list[Window], draw: np.random.Generator
) -> NDArray[np.float32]:
    n_samples = int(draw.uniform(*SECONDS) * SAMPLE_RATE)
    if draw.random() < NOISE:
        waveform = draw.standard_normal(n_samples).astype(np.float32)
    else:
        steady = waveform_of(recordings, windows[draw.integers(len(windows))])
        # Forwards and backwards: nothing clicks where it is repeated.
        waveform = np.resize(np.concatenate([steady, steady[::-1]]), n_samples)
    level = 10 ** (draw.uniform(*DECIBELS) / 20)
    return waveform * np.float32(level / np.sqrt(np.square(waveform).mean()))


def _soundscape(
    recordings: Recordings,
    sounds: Sounds,
    sampler: Sampler[int],
    background: NDArray[np.float32],
    draw: np.random.Generator,
) -> Soundscape:
    """Place sounds, anew for as long as more than three of them sound at a time."""
    most = int(MOST_A_SECOND * len(background) / SAMPLE_RATE)
    while True:
        chosen = [sampler.draw(draw) for _ in range(draw.integers(1, most + 1))]
        waveforms = [waveform_of(recordings, sounds.windows[k]) for k in chosen]
        placed = scene(background, waveforms, Placing(), draw)
        if at_once(placed.events) <= AT_ONCE:
            named = [sounds.named[k][0] for k in chosen]
            return Soundscape(placed.waveform, joined(placed.events, named))


def at_once(events: list[Event]) -> int:
    """Return how many events overlap, at most.

    Args:
        events: of a scene.
    """
    return max((sum(e.first <= each.first < e.last for e in events) for each in events), default=0)


def joined(events: list[Event], classes: list[int]) -> list[Annotation]:
    """Return the events of a scene with their classes; those of one class that meet are one.

    Args:
        events: the events.
        classes: of the sounds of the scene.
    """
    spans: dict[int, list[list[int]]] = {}
    for first, last, sound in sorted(events):
        known = spans.setdefault(classes[sound], [])
        if known and first - known[-1][1] <= GAP:
            known[-1][1] = max(known[-1][1], last)
        else:
            known.append([first, last])
    sounds = [
        Annotation(first / SAMPLE_RATE, last / SAMPLE_RATE, labels[k])
        for k, each in spans.items()
        for first, last in each
    ]
    return sorted(sounds)


def read_soundscape(audio: Path) -> Collection:
    """Return `soundscape_120s.flac`: clips of ESC-10 at known times, over noise.

    Args:
        audio: its folder.
    """
    with (audio / "soundscape_120s.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    sounds = [Annotation(float(row["onset"]), float(row["offset"]), row["class"]) for row in rows]
    columns = {row["class"]: indices(row["audioset_indices"]) for row in rows}
    waveform = decode(audio / "soundscape_120s.flac", SAMPLE_RATE)
    return Collection([Soundscape(waveform, sounds)], columns)


def indices(cell: str) -> tuple[int, ...]:
    """Return the classes in a cell of a table, `74|75`.

    Args:
        cell: their indices.
    """
    return tuple(int(k) for k in cell.split("|"))
