"""How large a batch goes through a GPU: as should fit, and smaller if it did not."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...errors import UsageError
from ...wording import argument
from ..contract import Outputs

BYTES_A_SECOND = 48e6
"""Memory for a second of audio: six times the largest image of mn40_as, which has the largest."""

SHARE = 0.5
"""Part of a GPU's memory that images may take."""


def fitting_seconds(n_bytes: int) -> float:
    """Seconds of audio that a GPU holds at once, whichever of the networks computes them.

    It follows from all the memory that there is, and not from what is free at the moment: a run
    that goes on makes the batches that it made before.

    Args:
        n_bytes: memory of the GPU.
    """
    return SHARE * n_bytes / BYTES_A_SECOND


class BatchSplitter:
    """Splits batches; what is learnt from a want of memory is kept.

    Args:
        max_samples: samples of a batch that fits.
        release: gives back the memory that can be done without.
        place: what to call the GPU in messages.
    """

    def __init__(self, max_samples: int, release: Callable[[], None], place: str) -> None:
        self.max_samples = max_samples
        self.release = release
        self.place = place

    def each(self, compute: Callable[[Tensor], Outputs], waveforms: Tensor) -> list[Outputs]:
        """Return the outputs of each batch that a batch is split into.

        Args:
            compute: some waveforms to their outputs.
            waveforms: (batch, samples), one or more.

        Raises:
            UsageError: if a single waveform does not fit.
        """
        found: list[Outputs] = []
        start = 0
        while start < len(waveforms):
            group = waveforms[start : start + max(1, self.max_samples // waveforms.shape[1])]
            # Not tried again inside `except`: what failed holds its memory until that is over.
            outputs = self._tried(compute, group)
            if outputs is not None:
                found.append(outputs)
                start += len(group)
        return found

    def _tried(self, compute: Callable[[Tensor], Outputs], group: Tensor) -> Outputs | None:
        try:
            return compute(group)
        except torch.cuda.OutOfMemoryError as error:
            if len(group) == 1:
                raise UsageError(
                    f"{group.shape[1]:,} samples do not fit into the free memory of "
                    f"{self.place}: give less at once, end what else is on that GPU, or take "
                    f"{argument('device', 'cpu')}"
                ) from error
            self.max_samples = len(group) // 2 * group.shape[1]
        self.release()
        return None
