"""Recordings on their way in: where their samples are, and how they are read."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..audio import Blocks, Reading, Source, float32_samples, is_file, name_of, separate, waveform
from ..errors import UsageError

CHUNK_SECONDS = 10
"""Length of the chunks in which recordings are read."""


@dataclass(frozen=True)
class Input:
    """A recording to process: one mix of channels, or one channel, of one track.

    Attributes:
        source: path, open file, or samples in memory.
        reading: how it is read.
        sample_rate: of samples in memory, in Hz.
    """

    source: Source
    reading: Reading = field(default_factory=Reading)
    sample_rate: int | None = None

    @property
    def name(self) -> str | None:
        """What results call it; None for samples in memory."""
        return name_of(self.source)

    def chunks(self, rate: int) -> Blocks:
        """Return its waveform, chunk by chunk.

        Args:
            rate: of the network, in Hz.
        """
        return waveform(self.source, rate, CHUNK_SECONDS * rate, self.reading, self.sample_rate)


def inputs_of(audio: Source, sample_rate: int | None, reading: Reading) -> list[Input]:
    """Return what is to be processed of a recording: several of 'each' channel or 'all' tracks.

    Args:
        audio: path, open file, or samples in memory.
        sample_rate: of samples in memory, in Hz.
        reading: how it is read.

    Raises:
        AudioError: if the tracks or the channels cannot be found out.
        UsageError: if samples in memory come without their rate.
    """
    if sample_rate is None and not is_file(audio):
        float32_samples(audio)  # an error, if it holds no samples at all
        raise UsageError("samples in memory do not know their rate: give sample_rate= in Hz")
    return [Input(source, one, sample_rate) for source, one in separate(audio, reading)]
