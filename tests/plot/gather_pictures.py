"""Draws the pictures of `looked_at`: look at them before they are kept.

python tests/plot/gather_pictures.py
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

sys.path += [str(Path(__file__).parents[1]), str(Path(__file__).parent)]

import numpy as np
from matplotlib.figure import Figure
from scenes import SETTINGS, five_seconds, stretches, tags, with_sound

from panns_inference.plot.calendar import draw_calendar
from panns_inference.plot.drawing import plot_detection, plot_tagging
from panns_inference.plot.picture import draw
from panns_inference.plot.style import STYLES

DPI = 60


def calendar() -> Figure:
    random = np.random.default_rng(0)
    counts = {label: random.poisson(2, (24, 7)) for label in ("Bird", "Dog")}
    recorded = np.ones((24, 7), bool)
    recorded[:4, 2] = False
    return draw_calendar(
        {label: np.where(recorded, hours, 0) for label, hours in counts.items()},
        date(2026, 5, 1),
        recorded,
        STYLES["light"],
        9,
    )


def without_an_event() -> Figure:
    found = five_seconds()
    return plot_detection(replace(found, events=found.events[1:]), None, SETTINGS)


PICTURES = {
    "five_seconds": lambda: plot_detection(five_seconds(), None, SETTINGS),
    "five_seconds_dark": lambda: plot_detection(
        five_seconds(), None, replace(SETTINGS, style="dark")
    ),
    "tags": lambda: plot_tagging(tags(), None, SETTINGS),
    "stretches": lambda: plot_tagging(stretches(), None, SETTINGS),
    "spectrogram": lambda: draw(with_sound(), STYLES["light"], 6),
    "waveform": lambda: draw(with_sound("waveform"), STYLES["dark"], 4),
    "calendar": calendar,
}

OTHERS = {"five_seconds_less": without_an_event}


def save(name: str, path: Path) -> None:
    """Draw a picture, and write it."""
    (PICTURES | OTHERS)[name]().savefig(path, dpi=DPI)


if __name__ == "__main__":
    folder = Path(__file__).parent / "looked_at"
    folder.mkdir(exist_ok=True)
    for each in PICTURES:
        save(each, folder / f"{each}.png")
