"""The cost of a network, counted as in the paper (Table XII).

The paper's rule, which gives all of its published figures: a multiply-add counts as two
operations, and what is counted depends on how a layer is written. Modules are counted,
functional calls (most ReLUs and pools) are not; nor are ReLU6, the mel product and the
logarithm. A linear layer counts once, also where it runs for each segment.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from .frontend import Spectrogram
from .network import Network

Cost = Callable[[Any, Tensor, Tensor], int]


def _convolution(layer: nn.Conv1d | nn.Conv2d, _: Tensor, output: Tensor) -> int:
    taps = math.prod(layer.kernel_size) * layer.in_channels // layer.groups
    return output.numel() * (2 * taps + (layer.bias is not None))


def _linear(layer: nn.Linear, *_: Tensor) -> int:
    return layer.out_features * (2 * layer.in_features + (layer.bias is not None))


def _twice(_: nn.Module, input: Tensor, output: Tensor) -> int:
    return 2 * input.numel()


def _average_pool(layer: nn.AvgPool1d | nn.AvgPool2d, _: Tensor, output: Tensor) -> int:
    # A 1-D pool holds its size as a tuple, a 2-D one that of a square as a number.
    size = layer.kernel_size
    return output.numel() * (math.prod(size) if isinstance(size, tuple) else size**2)


def _stft(layer: Spectrogram, _: Tensor, output: Tensor) -> int:
    # Counted as the two convolutions of the reference, whatever computes it here.
    return 2 * output.numel() * 2 * layer.n_fft


COSTS: dict[type[nn.Module], Cost] = {
    Spectrogram: _stft,
    nn.Conv1d: _convolution,
    nn.Conv2d: _convolution,
    nn.Linear: _linear,
    nn.BatchNorm1d: _twice,
    nn.BatchNorm2d: _twice,
    nn.ReLU: _twice,
    nn.AvgPool1d: _average_pool,
    nn.AvgPool2d: _average_pool,
}


def multi_adds(network: Network, seconds: float = 10.0) -> int:
    """Multiply-adds of one clip by the paper's rule.

    The clip is silence, and goes through the network once.

    Args:
        network: any network, also one on the meta device, where counting computes nothing.
        seconds: length of the clip.
    """
    total = 0

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        total += COSTS[type(layer)](layer, inputs[0], output)

    hooks = [m.register_forward_hook(count) for m in network.modules() if type(m) in COSTS]
    device = next(network.parameters()).device
    modes = [(module, module.training) for module in network.modules()]
    try:
        with torch.no_grad():
            network.eval()(torch.zeros(1, round(seconds * network.sample_rate), device=device))
    finally:
        for hook in hooks:
            hook.remove()
        for module, training in modes:
            module.training = training
    return total


def parameters(network: nn.Module, trainable: bool = True) -> int:
    """Number of parameters.

    Args:
        network: any module.
        trainable: True counts as the paper does, False adds the frozen front-end.
    """
    return sum(p.numel() for p in network.parameters() if p.requires_grad or not trainable)
