"""What several benchmarks measure with: weights that behave as trained ones, and recordings.

    python benchmarks/material.py FOLDER

writes `weights.pth`, in the layout of the published files, and `recording.wav` into a folder. Who
measures the memory of other processes calls it so: on Linux a process that a large one has started
counts the large one's memory as its own peak.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray

from panns_inference.models import Network, build

RATE = 44_100


def noise(n_samples: int, n_channels: int, seed: int = 0) -> NDArray[np.float32]:
    """Noise whose loudness changes, (samples, channels)."""
    random = np.random.default_rng(seed)
    loudness = np.sin(np.linspace(0.5, 40, n_samples)) ** 2
    values = 0.05 * random.standard_normal((n_samples, n_channels)) * loudness[:, None]
    found: NDArray[np.float32] = np.clip(values, -1, 1).astype(np.float32)
    return found


def network_with_fitting_norms(waveforms: torch.Tensor) -> Network:
    """Cnn14 with random weights, and norms that fit an input: with new ones, values fade away.

    Args:
        waveforms: such as will be heard, (batch, samples).
    """
    torch.manual_seed(0)
    network = build("Cnn14")
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        network.train()(waveforms)
        network.fc_audioset.weight *= 4
    return network.eval()


def write(folder: Path) -> None:
    """Write the weights of Cnn14 and a stereo recording of 10 s.

    Args:
        folder: where; it is there.
    """
    heard = torch.from_numpy(noise(96_000, 4).T.copy())
    state = {"model": network_with_fitting_norms(heard).state_dict()}
    torch.save(state, folder / "weights.pth", _use_new_zipfile_serialization=False)
    soundfile.write(folder / "recording.wav", noise(10 * RATE, 2, seed=1), RATE, "PCM_16")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
