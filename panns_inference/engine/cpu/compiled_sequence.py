"""MobileNets as one pass through the compiled library.

A layer of these networks takes less time than the call of an operator, and the images inside their
blocks are several times as large as those between: the library takes all layers at once, and keeps
what lies inside a block in the cache.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...models.mobilenet_v3 import LocalSqueeze
from .buffers import shared
from .compiled_layers import CompiledLayer, compiled_layer
from .conv import ConvWeights
from .fused_conv import Settings, UnsupportedLayerError
from .library import (
    BLOCK,
    PANEL,
    POINTWISE,
    STEM,
    WHOLE,
    Layer,
    Pass,
    library,
    run_all,
    threads_of_clip,
)

MULTIPLY_ADDS_OF_A_THREAD = 15_000_000
"""For so many, another thread is worth being started."""


class CompiledSequence(nn.Module):
    """Modules in a row as one pass: float32 in and out, and no gradients.

    Args:
        layers: a stem, blocks and pointwise convolutions; what is changed later is not noticed.
        settings: how they compute.

    Raises:
        UnsupportedLayerError: if one of them is something else, or the library is not there.
    """

    def __init__(self, layers: nn.Sequential, settings: Settings) -> None:
        super().__init__()
        self.training = False
        self.shared = shared()
        if library() is None or settings.dtype != torch.float32:
            raise UnsupportedLayerError(layers)
        self.layers = [compiled_layer(layer, settings) for layer in layers]
        channels = [layer.channels for layer in self.layers]
        if any(before[1] != behind[0] for before, behind in pairwise(channels)):
            raise UnsupportedLayerError(layers)
        self.turnable = all(layer.is_turnable for layer in self.layers)
        self.laid: dict[bool, Laid] = {}

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """Return the image behind the last layer, its channels last in memory.

        Args:
            x: (batch, channels, height, width); time is the height, or the axis that is outer in
                memory where both will do.
        """
        if x.shape[1] != self.layers[0].channels[0]:
            raise ValueError(f"{self.layers[0].channels[0]} channels, not {x.shape[1]}")
        turned = self.turnable and x.stride(2) < x.stride(3)
        if turned not in self.laid:
            self.laid[turned] = Laid(self.layers, turned)
        laid = self.laid[turned]
        images = (x.transpose(2, 3) if turned else x).permute(0, 2, 3, 1).contiguous()
        outputs = images.new_empty(len(images), *laid.shape_behind(*images.shape[1:3]))
        laid.look_again()
        if len(images):
            multiply_adds = laid.multiply_adds(*images.shape[1:3])
            threads = threads_of_clip(len(images), multiply_adds, MULTIPLY_ADDS_OF_A_THREAD)
            clips = zip(images, outputs, strict=True)
            run_all("network", [laid.passed(*clip, threads) for clip in clips], self.shared)
        y = outputs.permute(0, 3, 1, 2)
        return y.transpose(2, 3) if turned else y


class Laid:
    """Layers with their weights as the library reads them.

    Args:
        layers: what they are made of.
        turned: whether time is the second axis of their kernels.
    """

    def __init__(self, layers: list[CompiledLayer], turned: bool) -> None:
        self.held: list[Tensor] = []
        self.squeezes = [each.squeeze for each in layers]
        self.layers = (Layer * len(layers))(*(self._layer(each, turned) for each in layers))

    def shape_behind(self, time: int, bands: int) -> tuple[int, int, int]:
        """Time, bands and channels of the output.

        Args:
            time: of the input.
            bands: of the input.
        """
        channels = 0
        for layer in self.layers:
            time = (time - 1) // layer.stride_time + 1
            bands = (bands - 1) // layer.stride_bands + 1
            channels = layer.inside if layer.kind == STEM else layer.out_channels
        return time, bands, channels

    def multiply_adds(self, time: int, bands: int) -> int:
        """Multiply-adds of a clip, without those of its squeezes.

        Args:
            time: of the input.
            bands: of the input.
        """
        found = 0
        for layer in self.layers:
            found += time * bands * layer.in_channels * layer.inside * bool(layer.expand)
            time = (time - 1) // layer.stride_time + 1
            bands = (bands - 1) // layer.stride_bands + 1
            depth = layer.in_channels if layer.kind == POINTWISE else layer.inside
            found += time * bands * (layer.kernel**2 * layer.inside + depth * layer.out_channels)
        return found

    def look_again(self) -> None:
        """Take over the context of each squeeze, a number which may have changed since."""
        for layer, squeeze in zip(self.layers, self.squeezes, strict=True):
            layer.context = squeeze.context if isinstance(squeeze, LocalSqueeze) else WHOLE

    def passed(self, image: Tensor, output: Tensor, threads: int) -> Pass:
        """A pass of a clip, without memory of its own.

        Args:
            image: (time, bands, channels).
            output: the same behind the last layer.
            threads: that share it.
        """
        sides = image.shape[:2]
        places = image.data_ptr(), output.data_ptr()
        return Pass(self.layers, len(self.layers), *sides, threads, *places)

    def _layer(self, compiled: CompiledLayer, turned: bool) -> Layer:
        expand, taps, squeeze, project = compiled[2:6]
        layer = Layer(kind=compiled.kind, activation=compiled.activation, adds=compiled.adds)
        layer.kernel = layer.stride_time = layer.stride_bands = layer.dilation = 1
        if taps is not None:
            layer.inside, _, layer.kernel, _ = taps.weight.shape
            layer.stride_time, layer.stride_bands = taps.stride[::-1] if turned else taps.stride
            layer.dilation = taps.dilation[0]
            self._hold(layer, "taps", _taps(taps, turned), taps.bias)
        if project is not None:
            layer.out_channels, layer.in_channels = project.weight.shape[:2]
            self._hold(layer, "project", _panels(_folded(project).flatten(1)), project.bias)
        if compiled.kind == BLOCK:
            layer.in_channels = layer.inside
        if expand is not None:
            layer.in_channels = expand.weight.shape[1]
            self._hold(layer, "expand", _panels(_folded(expand).flatten(1)), expand.bias)
        if squeeze is not None:
            layer.squeezed = squeeze.fc1.out_features
            for name, linear in (("reduce", squeeze.fc1), ("gate", squeeze.fc2)):
                self._hold(layer, name, _panels(linear.weight.detach()), linear.bias.detach())
        return layer

    def _hold(self, layer: Layer, name: str, weight: Tensor, bias: Tensor) -> None:
        """Give a layer weights, which stay as long as it does."""
        for end, value in (("", weight), ("_bias", _filled_up(bias))):
            self.held.append(value.contiguous())
            setattr(layer, name + end, self.held[-1].data_ptr())


def compiled_sequence(module: nn.Module, settings: Settings) -> CompiledSequence | None:
    """Return modules in a row as one pass; None if the library is not there, or not for them.

    Args:
        module: any.
        settings: how its convolutions compute.
    """
    if type(module) is not nn.Sequential:
        return None
    try:
        return CompiledSequence(module, settings)
    except UnsupportedLayerError:
        return None


def _folded(weights: ConvWeights) -> Tensor:
    return weights.weight * weights.scale[:, None, None, None]


def _filled_up(values: Tensor) -> Tensor:
    """Values with zeros behind the last, up to the end of a panel, (..., laid)."""
    return functional.pad(values, (0, -values.shape[-1] % PANEL))


def _panels(weight: Tensor) -> Tensor:
    """Weights, (outputs, inputs), as (panels, inputs, PANEL)."""
    laid = _filled_up(weight.T)
    return laid.view(len(laid), -1, PANEL).transpose(0, 1)


def _taps(weights: ConvWeights, turned: bool) -> Tensor:
    """Taps of a depthwise convolution or a stem, (time * bands, channels)."""
    folded = _folded(weights)[:, 0]
    return _filled_up((folded.mT if turned else folded).flatten(1).T)
