"""Results made by hand, and what they are in a format."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from panns_inference import Detection, Embedding, Tagging
from panns_inference.audioset import labels as audioset_labels
from panns_inference.audioset import mid_of
from panns_inference.events import Event
from panns_inference.files import atomic_write
from panns_inference.formats import FORMATS
from panns_inference.results import Result

EVENTS = (
    ("Speech", 0, 0.0, 1.25, 0.9),
    ("Male speech, man speaking", 1, 0.5, 4.07, 0.8125),
    ("Speech", 0, 2.0, 2.01, 0.5),
    ("Speech", 0, 6.99, 7.0, 0.75),
)
"""Label, index, onset, offset and probability."""


def detection(
    events: Sequence[tuple[str, int, float, float, float]] = EVENTS,
    source: str | None = "street/first day.flac",
    duration: float = 7.0,
) -> Detection:
    found = tuple(
        Event(onset, offset, label, mid_of(label), index, probability, probability / 2)
        for label, index, onset, offset, probability in events
    )
    return Detection(
        source=source,
        duration=duration,
        model="Cnn14",
        clipwise=np.zeros(527, np.float32),
        framewise=None,
        frames_per_second=100.0,
        n_frames=1 + round(100 * duration),
        n_samples=round(32000 * duration),
        labels=tuple(audioset_labels),
        events=found,
    )


def tagging(source: str | None = "street/first day.flac") -> Tagging:
    clipwise = np.linspace(0.0, 0.5, 527, dtype=np.float32)
    clipwise[[1, 0]] = 0.9, 0.75
    return Tagging(
        source=source,
        duration=7.0,
        model="Cnn14",
        clipwise=clipwise,
        embedding=None,
        labels=tuple(audioset_labels),
    )


def embedding(source: str | None = "street/first day.flac") -> Embedding:
    vector = np.random.default_rng(0).random(512, dtype=np.float32) ** 3
    return Embedding(source=source, duration=7.0, model="Cnn14", vector=vector)


def stretched_tagging() -> Tagging:
    """Stretches of 2 s, one each 1.5 s: they overlap, and the last one is shorter."""
    whole = tagging()
    parts = [(0.0, 2.0, 0.5, 0.75), (1.5, 2.0, 0.875, 0.25), (3.0, 0.5, 0.0, 0.625)]
    stretches = []
    for onset, duration, speech, man in parts:
        clipwise = np.zeros(527, np.float32)
        clipwise[:2] = speech, man
        stretches.append(replace(whole, onset=onset, duration=duration, clipwise=clipwise))
    return replace(whole, duration=3.5, stretches=tuple(stretches))


def stretched_embedding() -> Embedding:
    whole = embedding()
    parts = [(0.0, 2.0), (1.5, 2.0), (3.0, 0.5)]
    stretches = [
        replace(whole, onset=onset, duration=duration, vector=whole.vector + number)
        for number, (onset, duration) in enumerate(parts)
    ]
    return replace(whole, duration=3.5, stretches=tuple(stretches))


def framewise_detection(source: str | None = "street/first day.flac") -> Detection:
    framewise = np.random.default_rng(1).random((701, 527), dtype=np.float32)
    return replace(detection(source=source), framewise=framewise)


def content_of(name: str, *results: Result, **selection: Any) -> bytes:
    form = FORMATS[name]
    if not form.binary:
        return text_of(name, *results, **selection).encode()
    file = io.BytesIO()
    form.write(results, file, **selection)
    return file.getvalue()


def text_of(name: str, *results: Result, **selection: Any) -> str:
    file = io.StringIO()
    FORMATS[name].write(results, file, **selection)
    return file.getvalue()


def written(name: str, folder: Path, *results: Result, **selection: Any) -> Path:
    path = folder / f"out{FORMATS[name].extension}"
    with atomic_write(path, binary=FORMATS[name].binary) as file:
        FORMATS[name].write(results, file, **selection)
    return path
