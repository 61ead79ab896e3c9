"""What a frozen network makes of clips, computed once; and the rest of the network on top of it.

waveforms --trunk, in evaluation mode--> features of segments    once
features --pooling, fc1, last layers--> probabilities            in each step
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from ...engine.fingerprint import checksum
from ...files import atomic_write
from ...models import Network
from ..batches import Clips
from ..samplers import Uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST = np.zeros(1, np.int64)
"""Index of a clip that stands for all, which are of one length."""

BATCH_SIZE = 16
"""Clips that are computed at a time."""


class Features:
    """Features of clips, which take the place of their waveforms.

    Args:
        clips: of one length.
        network: what lies below its last layers computes them.
        folder: they are kept there, and found again by what they follow from.

    Attributes:
        dataset: the clips and their classes.
        n_samples: of the waveforms that they are of.
    """

    def __init__(self, clips: Clips, network: Network, folder: Path) -> None:
        self.dataset = clips.dataset
        self.n_samples = clips.waveforms(FIRST).shape[1]
        path = folder / f"features-{digest(clips, network)}.npy"
        if not path.exists():
            _write(clips, network, path)
        self._features: NDArray[np.float32] = np.load(path, mmap_mode="r")

    def waveforms(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return features, (clips, channels, segments).

        Args:
            indices: of the clips.
        """
        return self._features[indices]


def digest(clips: Clips, network: Network, *more: object) -> str:
    """Return a digest of what results follow from, 16 hexadecimal digits.

    Args:
        clips: by their names, times and classes.
        network: by its layers and weights.
        more: by their text.
    """
    n_samples = clips.waveforms(FIRST).shape[1]
    given = (Uniform(clips.dataset, 1, 0).digest, n_samples, checksum(network), *more)
    return hashlib.sha256(repr(given).encode()).hexdigest()[:16]


def _write(clips: Clips, network: Network, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    starts = range(0, len(clips.dataset.clips), BATCH_SIZE)
    with atomic_write(path, binary=True) as file:
        for start in tqdm(starts, unit="batch", disable=None):
            found = _computed(clips, network, start)
            if not start:
                shape = (len(clips.dataset.clips), *found.shape[1:])
                header = {"descr": "<f4", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
            file.write(found.tobytes())


def _computed(clips: Clips, network: Network, start: int) -> NDArray[np.float32]:
    indices = np.arange(start, min(start + BATCH_SIZE, len(clips.dataset.clips)))
    waveforms = torch.from_numpy(clips.waveforms(indices))
    missing = max(0, network.minimum_samples - waveforms.shape[1])
    was_training = network.training
    with torch.inference_mode():
        given = functional.pad(waveforms, (0, missing)).to(next(network.parameters()).device)
        found = network.eval().segment_features(given).float().cpu().numpy()
    network.train(was_training)
    return np.ascontiguousarray(found)


class OnFeatures(nn.Module):
    """A network that is given features in place of waveforms.

    Args:
        network: which would have computed them.
        n_samples: of the waveforms.
    """

    def __init__(self, network: Network, n_samples: int) -> None:
        super().__init__()
        self.network, self.n_frames = network, 1 + n_samples // network.hop_size

    @property
    def activation(self) -> str:
        """That of the network."""
        return self.network.activation

    def forward(self, features: Tensor, mixup_lambda: Tensor | None = None) -> dict[str, Tensor]:
        """Return what the network returns for the waveforms.

        Args:
            features: of the clips, (batch, channels, segments).
            mixup_lambda: in training, weights of the rows, (batch,).
        """
        mixed = self.network.mixed(features, mixup_lambda)
        return self.network.outputs(mixed, self.n_frames)
