"""Recordings and results made for pictures: the same on every machine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from some_results import detection, stretched_tagging, tagging

from panns_inference import Detection, Tagging
from panns_inference.plot.drawing import Settings
from panns_inference.plot.scene import Heat, Scene
from panns_inference.plot.sound import BINS, Sound

SETTINGS = Settings(top=5, sound="none", width=6)

SPANS = (
    ("Speech", 0, 0.0, 2.25, 0.95),
    ("Speech", 0, 3.0, 4.5, 0.5),
    ("Dog", 74, 2.0, 2.4, 0.75),
    ("Bird vocalization, bird call, bird song", 112, 0.5, 4.8, 0.25),
    ("Vehicle", 300, 4.6, 5.0, 0.35),
)


def five_seconds() -> Detection:
    """Events, with framewise probabilities of which they are made."""
    found = detection(list(SPANS), source="meadow.wav", duration=5.0)
    framewise = np.zeros((501, 527), np.float32)
    times = np.arange(501) / 100
    for _, index, onset, offset, probability in SPANS:
        centre, width = (onset + offset) / 2, (offset - onset) / 2
        bump = probability * np.exp(-(((times - centre) / width) ** 4))
        framewise[:, index] = np.maximum(framewise[:, index], bump)
    return replace(found, framewise=framewise)


def tags() -> Tagging:
    return tagging("meadow.wav")


def stretches() -> Tagging:
    return stretched_tagging()


def with_sound(kind: str = "spectrogram") -> Scene:
    """A scene whose sound is a rising tone, or a wave that swells."""
    rise = np.linspace(0, 1, 200, dtype=np.float32)
    if kind == "waveform":
        values = np.stack([-rise, rise])
    else:
        bands = np.arange(BINS)[:, None]
        values = (-((bands - BINS * rise) ** 2) / 10).astype(np.float32)
    heat = Heat(np.stack([rise, rise[::-1]]), 5.0)
    return Scene(
        "rise.wav", "5.0 s", 5.0, ["Siren", "Whistle"], heat, None, Sound(kind, values, 5.0)
    )
