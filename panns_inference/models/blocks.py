"""Initial values, and the convolution blocks that most of the networks are made of.

The state dicts number what stands in a row: conv1, conv2, ..., bn1, bn2, ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from torch import Tensor, nn
from torch.nn import functional

from ..names import check_one_of


def init_layer(layer: nn.Conv1d | nn.Conv2d | nn.Linear) -> None:
    """Xavier uniform weight, and zero bias if there is one.

    Args:
        layer: a convolution or linear layer.
    """
    nn.init.xavier_uniform_(layer.weight)
    if getattr(layer, "bias", None) is not None:
        nn.init.zeros_(layer.bias)  # type: ignore[arg-type]


def init_bn(bn: nn.BatchNorm1d | nn.BatchNorm2d) -> None:
    """Weight 1 and bias 0.

    Args:
        bn: a batch norm.
    """
    nn.init.ones_(bn.weight)
    nn.init.zeros_(bn.bias)


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


def add_numbered(parent: nn.Module, name: str, children: Iterable[nn.Module]) -> None:
    """Register modules as `<name>1`, `<name>2`, ...

    Args:
        parent: where they are registered.
        name: what they have in common.
        children: the modules, in their order.
    """
    for number, child in enumerate(children, 1):
        parent.add_module(f"{name}{number}", child)


def normalised(block: nn.Module, number: int, x: Tensor) -> Tensor:
    """The convolution of that number and its batch norm.

    Args:
        block: holds `conv<number>` and `bn<number>`.
        number: from 1.
        x: (batch, channels, ...).
    """
    convolution, norm = getattr(block, f"conv{number}"), getattr(block, f"bn{number}")
    y: Tensor = norm(convolution(x))
    return y


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

    kernels: ClassVar[tuple[int, ...]] = (3, 3)
    """Side of each convolution's kernel."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        widths = (in_channels, *(out_channels for _ in self.kernels))
        layers = zip(widths[:-1], widths[1:], self.kernels, strict=True)
        add_numbered(self, "conv", (conv2d(*layer) for layer in layers))
        add_numbered(self, "bn", (nn.BatchNorm2d(out_channels) for _ in self.kernels))
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
            UsageError: for another pool type.
        """
        check_one_of(pool_type, POOLS, "pool_type")
        for number in range(1, len(self.kernels) + 1):
            input = functional.relu_(normalised(self, number, input))
        return POOLS[pool_type](input, pool_size)


class ConvBlock5x5(ConvBlock):
    """One 5 x 5 convolution with batch norm and ReLU, then a pool."""

    kernels = (5,)


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
