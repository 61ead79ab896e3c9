"""Results as pictures: what `Detection.plot` and `Tagging.plot` do."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..audio import Reading
from .picture import WIDTH, draw, draw_into, draw_tags, draw_tags_into
from .scene import heading_of, scene_of_detection, scene_of_tagging
from .sound import Sound, sound_of
from .style import Style, require, style_named

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..audio import Source
    from ..results import Detection, Result, Tagging


@dataclass(frozen=True)
class Settings:
    """How a picture is to be.

    Attributes:
        top: how many classes at most.
        style: light or dark.
        sound: spectrogram, waveform or none: what the panel at the top shows.
        width: in inches.
    """

    top: int = 10
    style: str = "light"
    sound: str = "spectrogram"
    width: float = WIDTH

    @property
    def colours(self) -> Style:
        """The colours of the style; UsageError if there is no such style, or no matplotlib."""
        require()
        return style_named(self.style)


def plot_detection(
    detection: Detection,
    axes: Axes | None,
    settings: Settings,
    audio: Source | None = None,
    sample_rate: int | None = None,
) -> Figure:
    """Return a picture of events; as `Detection.plot`.

    Args:
        detection: the events.
        axes: where to draw; None makes a picture.
        settings: how it is to be.
        audio: the recording; None is the file that the result names, if it is there.
        sample_rate: of samples in memory, in Hz.
    """
    colours = settings.colours
    if axes is not None:
        scene = scene_of_detection(replace(detection, framewise=None), settings.top, None)
        return draw_into(axes, scene, colours)
    sound = _sound(detection, settings.sound, audio, sample_rate)
    return draw(scene_of_detection(detection, settings.top, sound), colours, settings.width)


def plot_tagging(
    tagging: Tagging,
    axes: Axes | None,
    settings: Settings,
    audio: Source | None = None,
    sample_rate: int | None = None,
) -> Figure:
    """Return a picture of tags; as `Tagging.plot`.

    Args:
        tagging: the tags.
        axes: where to draw; None makes a picture.
        settings: how it is to be.
        audio: as for `plot_detection`.
        sample_rate: of samples in memory, in Hz.
    """
    colours = settings.colours
    if tagging.stretches:
        sound = None if axes else _sound(tagging, settings.sound, audio, sample_rate)
        scene = scene_of_tagging(tagging, settings.top, sound)
        return draw_into(axes, scene, colours) if axes else draw(scene, colours, settings.width)
    tags = tagging.top(settings.top)
    if axes is not None:
        return draw_tags_into(axes, tags, colours)
    return draw_tags(tags, *heading_of(tagging), colours, settings.width)


def _sound(
    result: Result, kind: str, audio: Source | None, sample_rate: int | None
) -> Sound | None:
    """What is shown of the recording of a result; None if it is not there, or not wanted."""
    if kind == "none" or (audio is None and not os.path.isfile(result.source or "")):
        return None
    source: Source = result.source if audio is None else audio  # type: ignore[assignment]
    reading = Reading().of(result.track, result.channel)
    return sound_of(source, kind, sample_rate, reading)
