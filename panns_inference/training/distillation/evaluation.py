"""Figures of a tagger against soft labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from ...metrics import average_precision
from ...models.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH_SAMPLES = 640_000
"""Samples that are computed at a time."""


def clip_probabilities(
    network: Network, waveforms: Sequence[NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Return clipwise probabilities, (clips, classes); clips of one length share a batch.

    Args:
        network: in evaluation mode.
        waveforms: (samples,) each, of any lengths.
    """
    results = np.empty((len(waveforms), network.classes_num), np.float32)
    by_length: dict[int, list[int]] = {}
    for index, waveform in enumerate(waveforms):
        by_length.setdefault(len(waveform), []).append(index)
    for length, indices in by_length.items():
        size = max(1, BATCH_SAMPLES // length)
        for first in range(0, len(indices), size):
            part = indices[first : first + size]
            batch = torch.from_numpy(np.stack([waveforms[index] for index in part]))
            with torch.inference_mode():
                results[part] = network(batch)["clipwise_output"].numpy()
    return results


def soft_label_figures(
    teacher: NDArray[np.floating], probabilities: NDArray[np.floating]
) -> dict[str, float]:
    """Return cross-entropy, mAP and agreement with the labels of a teacher.

    Args:
        teacher: its probabilities, (clips, classes).
        probabilities: those to be evaluated, (clips, classes).

    Returns:
        `cross_entropy` (nats, mean over clips and classes), `mAP` over the classes to which
        the teacher gives more than 0.5 in some clip, `top1`: share of clips whose most
        probable class is the same.
    """
    tags = teacher > 0.5
    precisions = [
        average_precision(tags[:, k], probabilities[:, k]) for k in np.flatnonzero(tags.any(axis=0))
    ]
    return {
        "cross_entropy": binary_cross_entropy(teacher, probabilities),
        "mAP": float(np.mean(precisions)) if precisions else float("nan"),
        "top1": float((teacher.argmax(axis=1) == probabilities.argmax(axis=1)).mean()),
    }


def binary_cross_entropy(
    target: NDArray[np.floating], probabilities: NDArray[np.floating]
) -> float:
    """Return the mean binary cross-entropy in nats, probabilities clipped to [1e-7, 1 - 1e-7].

    Args:
        target: soft labels, (windows, classes) or any other shape.
        probabilities: of the same shape.
    """
    p = np.clip(probabilities.astype(np.float64), 1e-7, 1 - 1e-7)
    return float(-(target * np.log(p) + (1 - target) * np.log(1 - p)).mean())
