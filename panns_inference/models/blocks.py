"""Initial values, and the convolution blocks that most of the networks are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from torch.nn import functional


def init_layer(layer: nn.Module) -> None:
    """Xavier uniform weight and zero bias, if any.

    Args:
        layer: a convolution or linear layer.
    """
    nn.init.xavier_uniform_(layer.weight)  # type: ignore[arg-type]
    if getattr(layer, "bias", None) is not None:
        nn.init.zeros_(layer.bias)  # type: ignore[arg-type]


def init_bn(bn: nn.Module) -> None:
    """Weight 1 and bias 0.

    Args:
        bn: a batch norm.
    """
    nn.init.ones_(bn.weight)  # type: ignore[arg-type]
    nn.init.zeros_(bn.bias)  # type: ignore[arg-type]


def initialise(network: nn.Module) -> None:
    """Give a network its initial values.

    Args:
        network: its convolutions, linear layers and batch norms are found by type; the batch norm
            that ends a residual branch, named by its block as `last_norm`, starts at 0, so that
            the block starts as its identity.
    """
    layers = list(network.modules())
    for layer in layers:
        if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear):
            init_layer(layer)
        elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            init_bn(layer)
    for layer in layers:
        if name := getattr(layer, "last_norm", None):
            nn.init.zeros_(getattr(layer, name).weight)


def _avg_and_max(input: Tensor, kernel_size: tuple[int, int]) -> Tensor:
    return functional.avg_pool2d(input, kernel_size) + functional.max_pool2d(input, kernel_size)


POOLS: dict[str, Callable[[Tensor, tuple[int, int]], Tensor]] = {
    "avg": functional.avg_pool2d,
    "max": functional.max_pool2d,
    "avg+max": _avg_and_max,
}


class ConvBlock(nn.Module):
    """Two 3 x 3 convolutions, each with batch norm and ReLU, then a pool.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
    """

    kernels = {"conv1": 3, "conv2": 3}

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        channels = in_channels
        for name, kernel in self.kernels.items():
            self.add_module(name, conv2d(channels, out_channels, kernel))
            channels = out_channels
        for name in self.kernels:
            self.add_module(name.replace("conv", "bn"), nn.BatchNorm2d(out_channels))
        self.init_weight()

    def init_weight(self) -> None:
        """Draw new initial values."""
        initialise(self)

    def forward(
        self, input: Tensor, pool_size: tuple[int, int] = (2, 2), pool_type: str = "avg"
    ) -> Tensor:
        """Convolve and pool, (batch, in_channels, T, F) -> (batch, out_channels, T / p, F / q).

        Args:
            input: images, (batch, in_channels, T, F).
            pool_size: (p, q); an incomplete window at the end is dropped.
            pool_type: 'avg', 'max' or 'avg+max'.

        Raises:
            ValueError: for another pool type.
        """
        if pool_type not in POOLS:
            raise ValueError(f"pool_type must be one of {sorted(POOLS)}, not {pool_type!r}")
        for name in self.kernels:
            norm = getattr(self, name.replace("conv", "bn"))
            input = functional.relu_(norm(getattr(self, name)(input)))
        return POOLS[pool_type](input, pool_size)


class ConvBlock5x5(ConvBlock):
    """One 5 x 5 convolution with batch norm and ReLU, then a pool."""

    kernels = {"conv1": 5}


def conv2d(in_channels: int, out_channels: int, kernel: int, **settings: Any) -> nn.Conv2d:
    """A 2-D convolution that keeps the size of its image, without bias.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel: side of the square kernel, odd.
        settings: further arguments of `torch.nn.Conv2d`.
    """
    return nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2, bias=False, **settings)


def conv1d(
    in_channels: int, out_channels: int, kernel: int, dilation: int = 1, stride: int = 1
) -> nn.Conv1d:
    """A 1-D convolution that keeps the length (at stride 1), without bias.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel: length of the kernel, odd.
        dilation: distance of its taps.
        stride: step between outputs.
    """
    padding = kernel // 2 * dilation
    return nn.Conv1d(
        in_channels, out_channels, kernel, stride, padding, dilation=dilation, bias=False
    )
