"""The DFT of a checkpoint: two banks of filters, and the window they are made of.

The published filters are a windowed DFT, so that a transform can take their place. Whether the
filters of a network are one is found by comparing them with the formula, once until they change.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from .filters import dft_filters, periodic_hann
from .precision import widest

DFT_TOLERANCE = 1e-6
"""Rounding of float32 filters; the published ones are within 1e-7 of the formula."""


class Filters(nn.Module):
    """A bank of strided 1-D filters: holds `weight` under the name of the state dict.

    Args:
        weight: the filters, (bins, 1, window_size).
        trainable: whether they take gradients.
    """

    def __init__(self, weight: Tensor, trainable: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.to(torch.float32), requires_grad=trainable)


class STFT(nn.Module):
    """The two filter banks of the state dict, `conv_real` and `conv_imag`.

    Args:
        window_size: length of the filters in samples.
        trainable: whether they take gradients.
    """

    def __init__(self, window_size: int, trainable: bool) -> None:
        super().__init__()
        real, imag = dft_filters(periodic_hann(window_size))
        self.conv_real = Filters(real, trainable)
        self.conv_imag = Filters(imag, trainable)
        self._comparison: _Comparison | None = None

    def __getstate__(self) -> dict[str, Any]:
        # The result of the comparison says nothing about copies of the filters.
        return {**self.__dict__, "_comparison": None}

    @property
    def banks(self) -> tuple[Tensor, Tensor]:
        """Filters of the real and of the imaginary part, each (bins, 1, window_size)."""
        return self.conv_real.weight, self.conv_imag.weight

    def window(self) -> Tensor | None:
        """The window of which the filters are the DFT, (window_size,) float64, or None.

        None where there is no such window, where the filters are being trained, where their values
        cannot be looked at (on the meta device, in tracing, in compilation), and on a device
        without float64: a transform in float32 is less precise than the convolution.
        """
        if _is_tracing() or any(_is_closed(bank) for bank in self.banks):
            return None
        # Comparing takes longer than the transform of a short clip.
        versions = _versions(*self.banks)
        if self._comparison is None or self._comparison.versions != versions:
            compared = (*self.banks, *(bank.detach() for bank in self.banks))
            self._comparison = _Comparison(versions, compared, _window_of(*self.banks))
        return self._comparison.window


class _Comparison(NamedTuple):
    """The result of comparing the filters with the formula."""

    versions: tuple[object, ...]
    compared: tuple[Tensor, ...]
    """The filters and their memory: as long as they are here, no others have their addresses."""
    window: Tensor | None


def _versions(*banks: Tensor) -> tuple[object, ...]:
    """Return what changes whenever the filters are replaced, moved, or written to."""
    return tuple(
        (id(bank), bank.data_ptr(), -1 if bank.is_inference() else bank._version) for bank in banks
    )


def _is_tracing() -> bool:
    tracing: bool = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
    return tracing or torch.compiler.is_compiling()


def _is_closed(bank: Tensor) -> bool:
    return bank.requires_grad or bank.is_meta or widest(bank.device) != torch.float64


def _window_of(real: Tensor, imag: Tensor) -> Tensor | None:
    rounded = real[0, 0].to(torch.float64)
    hann = periodic_hann(rounded.numel()).to(rounded.device)
    # The filters hold their window rounded: where it is the Hann window, the exact one is meant.
    tolerance = max(DFT_TOLERANCE, torch.finfo(real.dtype).eps)
    window = hann if _close(rounded, hann, tolerance) else rounded
    banks = zip((real, imag), dft_filters(window), strict=True)
    is_dft = all(_close(found, expected, tolerance) for found, expected in banks)
    return window if is_dft else None


def _close(found: Tensor, expected: Tensor, tolerance: float) -> bool:
    return torch.allclose(found.to(expected.dtype), expected, rtol=0, atol=tolerance)
