"""The contract between what computes a network and all that makes something of it.

Above it there are arrays of NumPy, and no torch: a network may as well be a file that another
program runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Outputs = dict[str, NDArray[np.float32]]
"""Outputs of a network by their names."""

Statistics = Mapping[str, NDArray[np.floating[Any]]]
"""What is kept of the segments of a recording, by name, (...) each."""

Waveforms = Any
"""Samples at the rate of the network, (batch, samples) float32: an array, or a tensor of torch.

A GPU takes int16 as well, which is divided by 32,768 there.
"""


class Grid(NamedTuple):
    """Segments begin at multiples of the stride; a block of them needs a halo on either side.

    Attributes:
        stride: samples from a segment to the next.
        left: segments in front of a block that it depends on.
        right: segments behind it.
    """

    stride: int
    left: int
    right: int


class Engine(Protocol):
    """Computes a network; knows nothing of files, labels and events."""

    @property
    def sample_rate(self) -> int:
        """Rate of the waveforms in Hz."""

    @property
    def hop_size(self) -> int:
        """Samples from a frame to the next."""

    @property
    def output_names(self) -> tuple[str, ...] | None:
        """Names of the outputs; None if they are not known."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """Lengths of `clipwise_output` and `embedding`, as far as they are known."""

    @property
    def statistics(self) -> Mapping[str, str] | None:
        """What the head keeps of the segments: name to the segmentwise value that it is taken of.

        The statistic `maximum` is the largest value over the segments, any other is their sum.
        None if the segments are not known: then a recording is computed as a whole.
        """

    @property
    def window(self) -> int | None:
        """Samples that it is given at once, if its outputs depend on all of a clip; else None.

        Longer recordings are given to it in windows.
        """

    @property
    def grid(self) -> Grid:
        """Where a recording may be cut. The first time, this may take a moment."""

    @property
    def interpolation(self) -> tuple[int, bool]:
        """Frames of a segment, and whether straight lines lead from one to the next."""

    @property
    def device(self) -> str:
        """Where it computes: 'cpu', 'cuda:0', ..."""

    @property
    def is_current(self) -> bool:
        """Whether it computes the network as it is now; a module of torch may have been changed."""

    def outputs(self, waveforms: Waveforms) -> Outputs:
        """Return the outputs for a batch of waveforms, (batch, ...) each.

        Args:
            waveforms: (batch, samples), of one sample or more.
        """

    def segmentwise(self, waveform: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        """Return the values of each segment, (..., segments).

        They are those that `statistics` names and, if there are frames, `probabilities`.

        Args:
            waveform: (samples,).
        """

    def conclude(self, statistics: Statistics, n_segments: int) -> Outputs:
        """Return the outputs for a recording as a whole.

        Args:
            statistics: of all its segments.
            n_segments: their number.
        """

    def identity(self) -> dict[str, str]:
        """Return what results depend on: `weights` (a checksum), `precision`, and `runtime`."""
