"""The method `plot` of results.

It is written here, for its arguments take more room than the rest of what a result knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..audio import Source
    from ..results import Detection, Tagging


class PlotOfTagging:
    """The method `plot` of a `Tagging`."""

    def plot(
        self,
        axes: Axes | None = None,
        *,
        top: int = 10,
        style: str = "light",
        sound: str = "spectrogram",
        width: float = 10.0,
        audio: Source | None = None,
        sample_rate: int | None = None,
    ) -> Figure:
        """Return a picture of the most probable tags; of stretches, also over time.

        Args:
            axes: of matplotlib, to draw into; None makes a picture of its own, for no window.
            top: how many classes.
            style: light or dark.
            sound: spectrogram, waveform or none: what is over the probabilities of stretches.
            width: of the picture in inches; the height follows from what it shows.
            audio: the recording; None is the file that is named by `source`, if it is there.
            sample_rate: of samples in memory, in Hz.

        Raises:
            UsageError: if matplotlib is not installed, or an argument makes no sense.
            AudioError: if the recording is there, and cannot be read.
        """
        from .drawing import Settings, plot_tagging

        settings = Settings(top, style, sound, width)
        return plot_tagging(cast("Tagging", self), axes, settings, audio, sample_rate)


class PlotOfDetection:
    """The method `plot` of a `Detection`."""

    def plot(
        self,
        axes: Axes | None = None,
        *,
        top: int = 10,
        style: str = "light",
        sound: str = "spectrogram",
        width: float = 10.0,
        audio: Source | None = None,
        sample_rate: int | None = None,
    ) -> Figure:
        """Return a picture of the sound, the framewise probabilities if they are there, and events.

        Args:
            axes: of matplotlib, to draw the events into; None makes a picture of its own, for no
                window.
            top: how many classes: those of the most probable events.
            style: light or dark.
            sound: spectrogram, waveform or none: what is over them.
            width: as for `Tagging.plot`.
            audio: as for `Tagging.plot`.
            sample_rate: as for `Tagging.plot`.

        Raises:
            UsageError: as `Tagging.plot`.
            AudioError: as `Tagging.plot`.
        """
        from .drawing import Settings, plot_detection

        settings = Settings(top, style, sound, width)
        return plot_detection(cast("Detection", self), axes, settings, audio, sample_rate)
