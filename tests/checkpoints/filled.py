"""Networks without memory, and weights for them that cost little."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from panns_inference.models import build

GENUINE = "LeeNet11_mAP=0.266.pth"
"""The published file that is at hand."""


def on_meta(name: str, classes_num: int = 527) -> Any:
    with torch.device("meta"):
        return build(name, classes_num)


def zeros(name: str, classes_num: int = 527) -> dict[str, Tensor]:
    """A state dict of the right keys and shapes, in which each tensor takes one element."""
    expected = on_meta(name, classes_num).state_dict()
    return {k: torch.zeros((), dtype=v.dtype).expand(v.shape) for k, v in expected.items()}


def save_stream(state: dict[str, Tensor], path: Path) -> Path:
    """Write the layout of the published files; it is read without copies."""
    torch.save({"model": state}, path, _use_new_zipfile_serialization=False)
    return path


def by_torch(name: str, state: dict[str, Tensor]) -> Any:
    """The network with these weights, put there by torch alone."""
    network = on_meta(name).to_empty(device="cpu")
    network.load_state_dict(state)
    return network


def outputs(network: nn.Module, n_samples: int = 16_000) -> dict[str, Tensor]:
    waveform = np.random.default_rng(0).normal(0, 0.1, (1, n_samples)).astype(np.float32)
    with torch.no_grad():
        return network.eval()(torch.from_numpy(waveform))
