"""Results made by hand, and their text in a format."""

from __future__ import annotations

import io
from collections.abc import Sequence
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
    empty = np.zeros((701, 527), np.float32)
    names = tuple(audioset_labels)
    return Detection(source, duration, "Cnn14", empty[0], empty, 100.0, names, found)


def tagging(source: str | None = "street/first day.flac") -> Tagging:
    clipwise = np.linspace(0.0, 0.5, 527, dtype=np.float32)
    clipwise[[1, 0]] = 0.9, 0.75
    return Tagging(source, 7.0, "Cnn14", clipwise, None, tuple(audioset_labels))


def embedding(source: str | None = "street/first day.flac") -> Embedding:
    vector = np.random.default_rng(0).random(512, dtype=np.float32) ** 3
    return Embedding(source, 7.0, "Cnn14", vector)


def text_of(name: str, *results: Result, **selection: Any) -> str:
    file = io.StringIO()
    FORMATS[name].write(results, file, **selection)
    return file.getvalue()


def written(name: str, folder: Path, *results: Result, **selection: Any) -> Path:
    path = folder / f"out{FORMATS[name].extension}"
    with atomic_write(path) as file:
        FORMATS[name].write(results, file, **selection)
    return path
