"""The panels of a picture: the sound, the probabilities over time, and the events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..events import Event
from .scene import Heat, Scene
from .sound import LEAST_RANGE, RANGE, Sound, band_of
from .style import Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

QUIET = 5
"""Percent of a spectrogram that have the colour of the page: constant noise does not fill it."""

MOST_BARS = 400
"""Events that are drawn one by one; where there are more, columns show the most probable ones."""

PIXELS = 100 / 72
"""Columns in a point: no more than there are pixels, for others would not be drawn."""

TALLEST = 0.86
"""Height of the bar of an event of probability 1, of a lane of height 1."""

LOWEST = 0.5
"""Height of a bar that holds a number; on others it stands on top."""

NUMBER_POINTS = 19.0
"""Width of a probability in print, such as 0.93."""

HERTZ = {100: "100", 500: "500", 1000: "1k", 2000: "2k", 4000: "4k", 8000: "8k"}
"""Marks on the axis of a spectrogram."""


def draw_sound(axes: Axes, sound: Sound, style: Style) -> None:
    """Draw a spectrogram or a waveform.

    Args:
        axes: where.
        sound: what.
        style: the colours.
    """
    if sound.kind == "waveform":
        low, high = sound.values
        n_columns = len(low)
        times = (np.arange(n_columns) + 0.5) * sound.duration / n_columns
        axes.fill_between(times, low, high, color=style.wave, linewidth=0.6)
        peak = max(float(np.abs(sound.values).max()), 1e-4)
        axes.set_ylim(-1.05 * peak, 1.05 * peak)
        axes.set_yticks([-peak, 0, peak], [f"{-peak:.2g}", "0", f"{peak:.2g}"])
        axes.set_ylabel("amplitude")
        return
    n_bands = len(sound.values)
    quiet, loudest = np.percentile(sound.values, [QUIET, 99.9])
    faintest = min(max(quiet, loudest - RANGE), loudest - LEAST_RANGE)
    axes.imshow(
        sound.values,
        origin="lower",
        aspect="auto",
        extent=(0, sound.duration, 0, n_bands),
        cmap=style.greys,
        vmin=faintest,
        vmax=loudest,
        interpolation="antialiased",
    )
    axes.set_ylim(0, n_bands)
    axes.set_yticks([band_of(each) for each in HERTZ], list(HERTZ.values()))
    axes.set_ylabel("Hz")


def draw_heat(axes: Axes, heat: Heat, labels: Sequence[str], style: Style, points: float) -> None:
    """Draw probabilities over time, a lane for each class.

    Args:
        axes: where.
        heat: the probabilities.
        labels: of the lanes, as they are shown.
        style: the colours.
        points: width of the panel, in points of 1/72 inch.
    """
    values, duration = _pooled(heat, int(points * PIXELS))
    _draw_image(axes, values, duration, style)
    _set_lanes(axes, labels, style)


def draw_events(
    axes: Axes, scene: Scene, labels: Sequence[str], style: Style, points: float
) -> None:
    """Draw events as bars: the more probable, the higher and the further from the page.

    Args:
        axes: where.
        scene: with the events.
        labels: of the lanes, as they are shown.
        style: the colours.
        points: width of the panel, in points of 1/72 inch.
    """
    events = scene.events or ()
    lanes = {label: number for number, label in enumerate(scene.labels)}
    if len(events) > MOST_BARS:
        strips = _strips(events, lanes, scene.duration, int(points * PIXELS))
        _draw_image(axes, strips, scene.duration, style)
    else:
        _draw_bars(axes, events, lanes, style, scene.duration / points)
    _set_lanes(axes, labels, style)
    if not events:
        axes.text(
            0.5,
            0.5,
            "no events",
            color=style.ink,
            ha="center",
            va="center",
            transform=axes.transAxes,
        )


def _draw_image(axes: Axes, values: NDArray[np.float32], duration: float, style: Style) -> None:
    axes.imshow(
        values,
        aspect="auto",
        extent=(0, duration, len(values) - 0.5, -0.5),
        cmap=style.probabilities,
        vmin=0,
        vmax=1,
        interpolation="nearest",
    )


def _pooled(heat: Heat, most: int) -> tuple[NDArray[np.float32], float]:
    """Columns, no more than wanted, each the largest of those that it stands for; their span."""
    n_columns = heat.values.shape[1]
    size = max(1, -(-n_columns // most))
    values = np.maximum.reduceat(heat.values, range(0, n_columns, size), axis=1)
    return values, heat.duration * size * values.shape[1] / n_columns


def _strips(
    events: Sequence[Event], lanes: dict[str, int], duration: float, n_columns: int
) -> NDArray[np.float32]:
    """The largest probability of events in each column, (lanes, columns)."""
    values = np.zeros((len(lanes), n_columns), np.float32)
    for event in events:
        first = min(int(n_columns * event.onset / duration), n_columns - 1)
        last = max(first + 1, round(n_columns * event.offset / duration))
        among = values[lanes[event.label], first:last]
        np.maximum(among, event.probability, out=among)
    return values


def _draw_bars(
    axes: Axes, events: Sequence[Event], lanes: dict[str, int], style: Style, per_point: float
) -> None:
    """A rectangle for each event, at least a point wide; with a number where there is room."""
    from matplotlib.patches import Rectangle

    # The most probable ones are drawn last: nothing hides them.
    for number in sorted(range(len(events)), key=lambda number: events[number].probability):
        event = events[number]
        height = _height(event)
        bar = Rectangle(
            (event.onset, lanes[event.label] + TALLEST / 2 - height),
            max(event.duration, per_point),
            height,
            facecolor=style.probabilities(event.probability),
            edgecolor=style.ink,
            linewidth=0.5,
        )
        axes.add_patch(bar)
    for event, place, is_within in _numbers(events, per_point):
        height = _height(event)
        is_inside = is_within and height > LOWEST
        bottom = lanes[event.label] + TALLEST / 2 - (height if is_within and not is_inside else 0)
        axes.text(
            place,
            bottom - (height / 2 if is_inside else 0.02),
            f"{event.probability:.2f}",
            fontsize=7,
            ha="center" if is_within else "left",
            va="center_baseline" if is_inside else "bottom",
            color=style.on(event.probability) if is_inside else style.ink,
            clip_on=True,
        )


def _height(event: Event) -> float:
    return TALLEST * (0.25 + 0.75 * event.probability)


def _numbers(events: Sequence[Event], per_point: float) -> Iterator[tuple[Event, float, bool]]:
    """Events with room for their probability: where, and whether that is inside of the bar."""
    room = NUMBER_POINTS * per_point
    following: dict[str, float] = {}
    for event in sorted(events, key=lambda event: -event.onset):
        next_onset = following.get(event.label, float("inf"))
        following[event.label] = event.onset
        if event.duration >= room:
            yield event, (event.onset + event.offset) / 2, True
        elif event.offset + 1.2 * room < next_onset:
            yield event, event.offset + 2 * per_point, False


def _set_lanes(axes: Axes, labels: Sequence[str], style: Style) -> None:
    axes.set_ylim(max(1, len(labels)) - 0.5, -0.5)
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", length=0)
    lines: Any = np.arange(1, len(labels)) - 0.5
    axes.hlines(lines, *axes.get_xlim(), color=style.faint, linewidth=0.5, zorder=1.5)
