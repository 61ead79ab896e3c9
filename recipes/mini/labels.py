"""What the teacher says of windows: as they are, and with silence around those that are short.

A sound that fills its clip is music to the teacher; the same sound within a few seconds of zeros
is what it is. Short windows therefore have two labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .sounds import SAMPLE_RATE
from .teacher import Labels

WINDOW = 5 * SAMPLE_RATE
SHORTEST = SAMPLE_RATE // 4
PAUSE = SAMPLE_RATE // 2


class WindowLabels(NamedTuple):
    """Logits of the teacher, float16, (windows, classes) each."""

    logits: NDArray[np.float16]
    """For the window as it is, with zeros after it up to 0.25 s."""

    in_silence: NDArray[np.float16]
    """For windows under 5 s the mean of the logits for the window in the middle of 5 s of zeros
    and for the window repeated with 0.5 s of zeros between, up to 5 s; for others `logits`."""


def label_windows(
    teacher: Callable[[Tensor], Labels], windows: Iterable[NDArray[np.float32]]
) -> WindowLabels:
    """Label windows one by one.

    Args:
        teacher: takes waveforms, (batch, samples) at 32 kHz.
        windows: waveforms, (samples,) each, of 5 s at most; one at least.
    """
    pairs = [_labels_of(teacher, window) for window in windows]
    logits, in_silence = (
        np.stack(column).astype(np.float16) for column in zip(*pairs, strict=True)
    )
    return WindowLabels(logits, in_silence)


def centred(window: NDArray[np.float32]) -> NDArray[np.float32]:
    """A window in the middle of 5 s of zeros, (160000,).

    Args:
        window: (samples,), 5 s at most.
    """
    missing = WINDOW - len(window)
    return np.pad(window, (missing // 2, missing - missing // 2))


def repeated(window: NDArray[np.float32]) -> NDArray[np.float32]:
    """A window again and again with 0.5 s of zeros between, 5 s of it, (160000,).

    Args:
        window: (samples,), one at least.
    """
    return np.resize(np.pad(window, (0, PAUSE)), WINDOW)


@torch.inference_mode()
def _labels_of(
    teacher: Callable[[Tensor], Labels], window: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    as_it_is = np.pad(window, (0, max(0, SHORTEST - len(window))))
    logits = teacher(torch.from_numpy(as_it_is)[None]).logits[0].numpy()
    if len(window) >= WINDOW:
        return logits, logits
    clips = np.stack([centred(window), repeated(window)])
    return logits, teacher(torch.from_numpy(clips)).logits.mean(dim=0).numpy()
