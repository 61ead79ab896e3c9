"""State dicts and checkpoints of the reference's networks, with weights by formula."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from panns_inference.models.filters import dft_filters, mel_filters, periodic_hann

from .formulas import tensor
from .stored import schemas


def state(name: str) -> dict[str, Tensor]:
    """The state dict of a network, in the reference's order.

    The filters of the front-end are true ones: `test_frontend.py` has them from librosa.
    """
    schema = schemas()[name]
    fixed = front_end(**schema["arguments"])
    arrays = {}
    for key, shape, _ in schema["state"]:
        given = fixed.get(key.removesuffix(".weight").rpartition(".")[2])
        arrays[key] = torch.from_numpy(tensor(key, tuple(shape))) if given is None else given
    return arrays


def front_end(
    *, sample_rate: int, window_size: int, mel_bins: int, fmin: float, fmax: float, **_: int
) -> dict[str, Tensor]:
    """The filters that are not trained, float32."""
    real, imag = (bank.float() for bank in dft_filters(periodic_hann(window_size)))
    mel = mel_filters(sample_rate, window_size, mel_bins, fmin, fmax)
    return {"conv_real": real, "conv_imag": imag, "melW": mel}


def write(name: str, path: Path) -> Path:
    """Write a checkpoint in the layout of the published files."""
    torch.save({"iteration": 0, "model": state(name)}, path, _use_new_zipfile_serialization=False)
    return path
