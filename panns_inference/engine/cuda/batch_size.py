"""How much of a batch goes through a GPU at once: what should fit, and less if it did not."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...errors import UsageError
from ..contract import Outputs

BYTES_A_SECOND = 25e6
"""Memory for a second of audio: six times the largest image of LeeNet24, which has the largest."""

SHARE = 0.5
"""Part of a GPU's memory that images may take."""


def fitting_seconds(n_bytes: int) -> float:
    """Seconds of audio that a GPU holds at once, whichever of the networks hears them.

    It follows from all the memory that there is, and not from what is free at the moment: a run
    that goes on makes the batches that it made before.

    Args:
        n_bytes: memory of the GPU.
    """
    return SHARE * n_bytes / BYTES_A_SECOND


class BatchSplitter:
    """Splits batches; what is learnt from a want of memory is kept.

    Args:
        at_most: samples of a portion.
        release: gives back the memory that can be done without.
        place: what to call the GPU in messages.
    """

    def __init__(self, at_most: int, release: Callable[[], None], place: str) -> None:
        self.at_most = at_most
        self.release = release
        self.place = place

    def each(self, compute: Callable[[Tensor], Outputs], waveforms: Tensor) -> list[Outputs]:
        """The outputs of each portion of a batch.

        Args:
            compute: some waveforms to their outputs.
            waveforms: (batch, samples), one or more.

        Raises:
            UsageError: if a single waveform does not fit.
        """
        found: list[Outputs] = []
        start = 0
        while start < len(waveforms):
            portion = waveforms[start : start + max(1, self.at_most // waveforms.shape[1])]
            # Not tried again inside `except`: what failed holds its memory until that is over.
            outputs = self._tried(compute, portion)
            if outputs is not None:
                found.append(outputs)
                start += len(portion)
        return found

    def _tried(self, compute: Callable[[Tensor], Outputs], portion: Tensor) -> Outputs | None:
        try:
            return compute(portion)
        except torch.cuda.OutOfMemoryError as error:
            if len(portion) == 1:
                raise UsageError(
                    f"{portion.shape[1]:,} samples do not fit into the free memory of "
                    f"{self.place}: give less at once, end what else is on that GPU, or take "
                    "device='cpu'"
                ) from error
            self.at_most = len(portion) // 2 * portion.shape[1]
        self.release()
        return None
