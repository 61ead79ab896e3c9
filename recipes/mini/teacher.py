"""The teacher, EfficientAT's mn04_as: a MobileNetV3 that labels what the student hears.

    waveform (batch, samples) -> log-mel (batch, 1, 128, frames) -> features (batch, 384, ...)
        -> mean over mel bins and time -> two dense layers -> logits (batch, 527)

Schmid, Koutini and Widmer, ICASSP 2023 (MIT licence). Only its weights are theirs; the
forward pass is written from a description of the network and checked against stored outputs.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

# kernel, expansion, width, squeeze (0: none), hard-swish, stride
BLOCKS = (
    (3, 8, 8, 0, False, 1),
    (3, 24, 16, 0, False, 2),
    (3, 32, 16, 0, False, 1),
    (5, 32, 16, 8, False, 2),
    (5, 48, 16, 16, False, 1),
    (5, 48, 16, 16, False, 1),
    (3, 96, 32, 0, True, 2),
    (3, 80, 32, 0, True, 1),
    (3, 72, 32, 0, True, 1),
    (3, 72, 32, 0, True, 1),
    (3, 192, 48, 48, True, 1),
    (3, 272, 48, 72, True, 1),
    (5, 272, 64, 72, True, 2),
    (5, 384, 64, 96, True, 1),
    (5, 384, 64, 96, True, 1),
)


class Labels(NamedTuple):
    """What the teacher says of a batch of clips."""

    logits: Tensor
    """(batch, 527)."""


def mel_matrix(n_mels: int = 128, n_fft: int = 1024, sample_rate: int = 32000) -> Tensor:
    """Triangles of peak 1 on the scale 1127 ln(1 + f / 700), 0 to 15,000 Hz, (n_mels, bins)."""
    edges = torch.linspace(0, 1127 * math.log1p(15000 / 700), n_mels + 2, dtype=torch.float64)
    hertz = torch.arange(n_fft // 2 + 1, dtype=torch.float64) * sample_rate / n_fft
    mel = 1127 * torch.log1p(hertz / 700)
    step = edges[1] - edges[0]
    ramps = (mel - edges[:, None]) / step
    triangles = torch.minimum(ramps[:-2], -ramps[2:]).clamp(min=0)
    triangles[:, -1] = 0
    return triangles.to(torch.float32)


def _convolution(i: int, o: int, kernel: int, stride: int, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(i, o, kernel, stride, kernel // 2, groups=groups, bias=False)


def _layer(
    i: int, o: int, kernel: int, stride: int = 1, groups: int = 1, act: nn.Module | None = None
) -> nn.Sequential:
    norm = nn.BatchNorm2d(o, eps=0.001)
    parts = [_convolution(i, o, kernel, stride, groups), norm]
    return nn.Sequential(*parts, *([] if act is None else [act]))


class _Squeeze(nn.Module):
    def __init__(self, channels: int, squeeze: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, squeeze)
        self.fc2 = nn.Linear(squeeze, channels)

    def forward(self, x: Tensor) -> Tensor:
        gate = functional.relu(self.fc1(x.mean(dim=(2, 3))))
        return x * torch.sigmoid(self.fc2(gate))[:, :, None, None]


class _SqueezeExcitation(nn.Module):
    def __init__(self, channels: int, squeeze: int) -> None:
        super().__init__()
        self.conc_se_layers = nn.ModuleList([_Squeeze(channels, squeeze)])

    def forward(self, x: Tensor) -> Tensor:
        gated: Tensor = self.conc_se_layers[0](x)
        return gated


class _InvertedResidual(nn.Module):
    def __init__(
        self, i: int, kernel: int, width: int, o: int, squeeze: int, swish: bool, stride: int
    ) -> None:
        super().__init__()
        self.adds = stride == 1 and i == o
        act = nn.Hardswish if swish else nn.ReLU
        layers = [] if width == i else [_layer(i, width, 1, act=act())]
        layers.append(_layer(width, width, kernel, stride, width, act=act()))
        if squeeze:
            layers.append(_SqueezeExcitation(width, squeeze))
        self.block = nn.Sequential(*layers, _layer(width, o, 1))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.block(x)
        return x + y if self.adds else y


class Teacher(nn.Module):
    """The network in evaluation mode; `read_teacher` gives it its weights."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [_layer(1, 8, 3, 2, act=nn.Hardswish())]
        channels = 8
        for kernel, width, out, squeeze, swish, stride in BLOCKS:
            layers.append(_InvertedResidual(channels, kernel, width, out, squeeze, swish, stride))
            channels = out
        layers.append(_layer(channels, 384, 1, act=nn.Hardswish()))
        self.features = nn.Sequential(*layers)
        pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            pool,
            nn.Flatten(),
            nn.Linear(384, 512),
            nn.Hardswish(),
            nn.Dropout(0.2),
            nn.Linear(512, 527),
        )
        window = torch.hann_window(800, periodic=False)
        self.register_buffer("window", functional.pad(window, (112, 112)), persistent=False)
        self.register_buffer("mel", mel_matrix().T.contiguous(), persistent=False)

    def logmel(self, waveform: Tensor) -> Tensor:
        """Input image of the network, (batch, 1, 128, frames).

        Args:
            waveform: (batch, samples) at 32 kHz, at least 514 samples.
        """
        emphasised = waveform[:, 1:] - 0.97 * waveform[:, :-1]
        padded = functional.pad(emphasised[:, None], (512, 512), mode="reflect")[:, 0]
        spectrum = torch.fft.rfft(padded.unfold(-1, 1024, 320) * self.window)
        power = spectrum.real.square() + spectrum.imag.square()
        image = ((power @ self.mel + 1e-5).log() + 4.5) / 5
        return image.transpose(1, 2)[:, None]

    def forward(self, waveform: Tensor) -> Labels:
        """Return the labels of clips.

        Args:
            waveform: (batch, samples) at 32 kHz.
        """
        return self.labels(self.logmel(waveform))

    def labels(self, image: Tensor) -> Labels:
        """Return the labels of images.

        Args:
            image: (batch, 1, 128, frames).
        """
        image = image.contiguous(memory_format=torch.channels_last)
        return Labels(self.classifier(self.features(image).float()))

    def fused(self) -> Teacher:
        """The same network with its batch norms folded into the convolutions: a third faster."""
        for module in list(self.features.modules()):
            if isinstance(module, nn.Sequential) and isinstance(module[0], nn.Conv2d):
                module[0] = fuse_conv_bn_eval(module[0], module[1])
                module[1] = nn.Identity()
        return self


def read_teacher(path: str | Path) -> Teacher:
    """The teacher with its published weights, in evaluation mode.

    Args:
        path: `mn04_as_mAP_432.pt`.
    """
    teacher = Teacher()
    teacher.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return teacher.eval().requires_grad_(False).to(memory_format=torch.channels_last)
