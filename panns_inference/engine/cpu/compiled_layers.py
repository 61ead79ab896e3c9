"""What the layers of MobileNets are made of, as far as the compiled library knows them."""

from __future__ import annotations

from typing import NamedTuple

from torch import nn

from ...models.efficientat import ConcurrentSqueeze
from ...models.mobilenet_v3 import InvertedResidual, LocalSqueeze, Squeeze
from .conv import ConvWeights
from .fused_conv import FusedConv, Settings, UnsupportedLayerError
from .library import BLOCK, POINTWISE, STEM

ACTIVATIONS: dict[type[nn.Module], int] = {nn.ReLU: 1, nn.Hardswish: 2}
"""As the library numbers them; 0 is none."""

KERNELS = 3, 5

LANES = 8
"""Numbers of channels are multiples of it."""


class CompiledLayer(NamedTuple):
    """What a layer is made of.

    Attributes:
        kind: `STEM`, `POINTWISE` or `BLOCK`.
        activation: a value of `ACTIVATIONS`.
        expand: the first pointwise convolution of a block.
        taps: the depthwise convolution of a block, or a stem.
        squeeze: of a block.
        project: the last pointwise convolution of a block, or the only one.
        adds: whether a block adds its input.
    """

    kind: int
    activation: int
    expand: ConvWeights | None = None
    taps: ConvWeights | None = None
    squeeze: Squeeze | LocalSqueeze | None = None
    project: ConvWeights | None = None
    adds: bool = False

    @property
    def channels(self) -> tuple[int, int]:
        """Channels in front of it and behind it."""
        present = [weights for weights in (self.expand, self.taps, self.project) if weights]
        inputs = present[0].weight.shape[1] * present[0].groups
        return inputs, present[-1].weight.shape[0]

    @property
    def is_turnable(self) -> bool:
        """Whether its two axes may change places."""
        dilated = self.taps is not None and self.taps.dilation != (1, 1)
        return not dilated and not isinstance(self.squeeze, LocalSqueeze)


def compiled_layer(layer: nn.Module, settings: Settings) -> CompiledLayer:
    """Return what a layer is made of.

    Args:
        layer: a stem, a block or a pointwise convolution, with norms and activations.
        settings: how its convolutions compute.

    Raises:
        UnsupportedLayerError: if it is anything else.
    """
    if isinstance(layer, InvertedResidual) and type(layer).forward is InvertedResidual.forward:
        return _block(layer, settings)
    weights, activation = _convolution(layer, settings)
    if _is_pointwise(weights):
        return CompiledLayer(POINTWISE, activation, project=weights)
    if weights.weight.shape[1] == weights.groups == 1 and _is_square(weights):
        return CompiledLayer(STEM, activation, taps=weights)
    raise UnsupportedLayerError(layer)


def _block(block: InvertedResidual, settings: Settings) -> CompiledLayer:
    *first, last = block.block.children()
    squeezes = [_squeeze(layer) for layer in first if not isinstance(layer, nn.Sequential)]
    convolutions = [
        _convolution(layer, settings) for layer in first if isinstance(layer, nn.Sequential)
    ]
    if not convolutions:
        raise UnsupportedLayerError(block)
    *expand, (taps, activation) = convolutions
    project, behind = _convolution(last, settings)
    depthwise = taps.groups == taps.weight.shape[0] and _is_square(taps)
    usual = all(_is_pointwise(weights) and each == activation for weights, each in expand)
    if not (depthwise and usual and _is_pointwise(project)) or behind or len(squeezes) > 1:
        raise UnsupportedLayerError(block)
    inside = [*(weights.weight.shape[0] for weights, _ in expand), project.weight.shape[1]]
    for squeeze in squeezes:
        inside += [squeeze.fc1.in_features, squeeze.fc2.out_features]
    if {*inside} != {taps.groups}:
        raise UnsupportedLayerError(block)
    return CompiledLayer(
        BLOCK,
        activation,
        expand[0][0] if expand else None,
        taps,
        squeezes[0] if squeezes else None,
        project,
        block.adds,
    )


def _convolution(layer: nn.Module, settings: Settings) -> tuple[ConvWeights, int]:
    """A convolution with its norm, and the activation behind it."""
    if type(layer) is not nn.Sequential or len(layer) not in (2, 3):
        raise UnsupportedLayerError(layer)
    convolution, norm, *others = layer.children()
    activations = [ACTIVATIONS.get(type(other)) for other in others]
    if not (isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)):
        raise UnsupportedLayerError(layer)
    if None in activations:
        raise UnsupportedLayerError(layer)
    weights = FusedConv(convolution, norm, settings).weights
    largest = settings.largest
    if weights.weight.shape[0] % LANES or (largest and weights.weight.numel() > largest):
        raise UnsupportedLayerError(layer)
    return weights, activations[0] or 0 if activations else 0


def _squeeze(layer: nn.Module) -> Squeeze | LocalSqueeze:
    if isinstance(layer, ConcurrentSqueeze) and type(layer).forward is ConcurrentSqueeze.forward:
        (layer,) = layer.conc_se_layers
    known = type(layer).forward in (Squeeze.forward, LocalSqueeze.forward)
    if not isinstance(layer, Squeeze | LocalSqueeze) or not known:
        raise UnsupportedLayerError(layer)
    linear = type(layer.fc1) is type(layer.fc2) is nn.Linear
    if not linear or layer.fc1.bias is None or layer.fc2.bias is None:
        raise UnsupportedLayerError(layer)
    if layer.fc1.out_features % LANES or layer.fc1.out_features != layer.fc2.in_features:
        raise UnsupportedLayerError(layer)
    return layer


def _is_pointwise(weights: ConvWeights) -> bool:
    plain = (weights.stride, weights.padding, weights.groups) == ((1, 1), (0, 0), 1)
    return plain and weights.weight.shape[2:] == (1, 1)


def _is_square(weights: ConvWeights) -> bool:
    """Whether a kernel is as the library knows them, and its padding keeps the image's size."""
    height, width = weights.weight.shape[2:]
    along, across = weights.dilation
    same = weights.padding == (height // 2 * along, width // 2)
    return height == width in KERNELS and across == 1 and same
