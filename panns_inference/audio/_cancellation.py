"""Channels that are lost when they are mixed, for they are in antiphase.

              energy of the sum of the channels
    share  =  ---------------------------------
               sum of the channels' energies

It is 1 for channels that are unlike each other, however many there are and also if all but one of
them are silent; for equal channels it is their number; in antiphase it is 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..wording import argument

SPAN = 2.0
"""Seconds that are judged as one. In much less, low tones that have nothing to do with each
other are in antiphase by chance."""

SHORTEST = 0.5
"""Seconds of a rest at the end that is judged by itself."""

LOWEST_SHARE = 10**-1.5
"""15 dB: unlike channels do not get there, but a channel with its poles swapped does, also if one
side is 2 dB louder or was compressed with loss."""

QUIET = 1e-8
"""Mean square of silence, relative to full scale: -80 dB."""

BEGINNING = 10.0
"""Seconds in which all samples are measured: behind them a part stands for the rest."""

EVERY, PART = 1.0, 4096
"""Seconds from one such part to the next, and its samples."""


class Cancellation:
    """Where the channels of a recording cancel each other; `add` is called with its pieces.

    Args:
        start: seconds from the start of the recording to the first piece.

    Attributes:
        seconds: how long they do, altogether.
        first: where they begin to, in seconds.
    """

    def __init__(self, start: float = 0.0) -> None:
        self.seconds = self.first = 0.0
        self._end = self._next = start
        self._length = self._measured = self._of_sum = self._of_channels = 0.0

    def add(self, sample_rate: int, samples: NDArray[np.float32], mix: NDArray[np.float32]) -> None:
        """Measure a piece.

        Args:
            sample_rate: in Hz.
            samples: (samples, channels).
            mix: mean of the channels, (samples,).
        """
        length = len(samples) / sample_rate
        if samples.shape[1] > 1 and length and self._end >= self._next:
            is_whole = self._end < BEGINNING
            part = slice(None if is_whole else PART)
            of_sum, of_channels = _powers(samples[part], mix[part])
            self._measured += length
            self._of_sum += of_sum * length
            self._of_channels += of_channels * length
            self._next = self._end + (0.0 if is_whole else EVERY)
        self._length += length
        self._end += length
        if self._length >= SPAN:
            self._judge()

    def finish(self) -> list[str]:
        """Return what there is to report at the end of the recording; of nothing an empty list."""
        if self._length >= min(SHORTEST, self._end):
            self._judge()
        if not self.seconds:
            return []
        return [
            "has channels that cancel each other when they are mixed (antiphase), in "
            f"{self.seconds:.2f} of {self._end:.2f} s, from {self.first:.2f} s on: what they share "
            f"is lost there; read one of them with {argument('channel', 'left')}, or all of them "
            "with 'each'"
        ]

    def _judge(self) -> None:
        is_loud = self._of_channels > QUIET * self._measured
        if is_loud and self._of_sum < LOWEST_SHARE * self._of_channels:
            self.first = self.first if self.seconds else self._end - self._length
            self.seconds += self._length
        self._length = self._measured = self._of_sum = self._of_channels = 0.0


def _powers(samples: NDArray[np.float32], mix: NDArray[np.float32]) -> tuple[float, float]:
    """Mean squares of the sum of the channels and, added up, of the channels, without their means.

    Constant offsets are no sound, and cheap recorders have them.
    """
    n_samples, n_channels = samples.shape
    means = [float(samples[:, channel].sum()) / n_samples for channel in range(n_channels)]
    # Not by BLAS, which would wake threads for it.
    of_channels = float(np.einsum("ij,ij->", samples, samples)) / n_samples
    of_mix = float(np.einsum("i,i->", mix, mix)) / n_samples
    offsets = sum(mean**2 for mean in means)
    if (
        of_channels - offsets < 1e-3 * offsets
    ):  # too little beside them to be distinguished from rounding
        return 0.0, 0.0
    of_mix = max(0.0, of_mix - (sum(means) / n_channels) ** 2)
    return of_mix * n_channels**2, of_channels - offsets
