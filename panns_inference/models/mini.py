"""PannsMini: the small network of this project, which tags and detects.

    log-mel -> stem -> 15 inverted residual blocks -> features of segments of 0.16 s
                                                         |
        clipwise    mean over all segments -> embedding -+-> classes
        framewise   a segment and its two neighbours ----'-> classes

The trunk is MobileNetV3 at 0.4 of its width, as in EfficientAT's mn04 (Schmid, Koutini and Widmer,
ICASSP 2023), with three differences. Its last stride is along frequency alone, with dilated kernels
behind it: segments are half as long and look at the same sounds. Squeezes take their means over
`SQUEEZE_SECONDS` on each side, so that long recordings can be computed in blocks, exactly. And the
framewise probabilities have a head of their own.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from .decision import NearestInterpolator
from .kaldi import KaldiLogmel
from .mobilenet_v3 import Inverted, InvertedResidual, conv_norm
from .network import FrontEnd, Network

SQUEEZE_SECONDS = 0.64
"""Seconds on each side of a step over which squeezes take their means."""

SHORTEST_SECONDS = 2.0
"""What is shorter is given silence behind it: a sound that fills its clip is taken for music."""

STEM = 8
BLOCKS = (
    Inverted(3, 8, 8),
    Inverted(3, 24, 16, stride=(2, 2)),
    Inverted(3, 32, 16),
    Inverted(5, 32, 16, 8, stride=(2, 2)),
    Inverted(5, 48, 16, 16),
    Inverted(5, 48, 16, 16),
    Inverted(3, 96, 32, hard_swish=True, stride=(2, 2)),
    Inverted(3, 80, 32, hard_swish=True),
    Inverted(3, 72, 32, hard_swish=True),
    Inverted(3, 72, 32, hard_swish=True),
    Inverted(3, 192, 48, 48, hard_swish=True),
    Inverted(3, 272, 48, 72, hard_swish=True),
    Inverted(5, 272, 64, 72, hard_swish=True, stride=(1, 2), dilation=2),
    Inverted(5, 384, 64, 96, hard_swish=True, dilation=2),
    Inverted(5, 384, 64, 96, hard_swish=True, dilation=2),
)


class PannsMini(Network):
    """A small MobileNetV3 with clipwise, framewise and embedding outputs."""

    published = FrontEnd(32000, 800, 320, 128, 0, 15000)
    output_names = ("clipwise_output", "framewise_output", "embedding")
    statistics_of: ClassVar[dict[str, str]] = {"sum": "features"}
    channels = 384
    embedding_size = 512
    segment_frames: ClassVar[int] = 16
    """Frames of a segment: the total stride of the trunk along time."""

    def _build(self) -> None:
        self.logmel_extractor = KaldiLogmel(self.frontend)
        layers: list[nn.Module] = [conv_norm(1, STEM, 3, (2, 2), activation=nn.Hardswish())]
        channels, frames = STEM, 2
        for row in BLOCKS:
            frames *= row.stride[0]
            reach = round(SQUEEZE_SECONDS * self.sample_rate / self.hop_size / frames)
            layers.append(InvertedResidual(channels, row, reach))
            channels = row.channels
        layers.append(conv_norm(channels, self.channels, activation=nn.Hardswish()))
        self.features = nn.Sequential(*layers)

    def _build_classifier(self) -> None:
        super()._build_classifier()
        self.conv_framewise = nn.Conv1d(self.channels, self.embedding_size, 3, padding=1)
        self.fc_framewise = nn.Linear(self.embedding_size, self.classes_num)

    @property
    def minimum_samples(self) -> int:
        """Two seconds."""
        return round(SHORTEST_SECONDS * self.sample_rate)

    def segment_features(self, input: Tensor, mixup_lambda: Tensor | None = None) -> Tensor:
        image = self.logmel_extractor(input).to(self.fc1.weight.dtype)
        return self.trunk(self.mixed(image, mixup_lambda))

    def trunk(self, image: Tensor) -> Tensor:
        """Return the features of each segment, (batch, channels, segments).

        Args:
            image: log-mel, (batch, 1, frames, mel_bins).
        """
        features: Tensor = self.features(image).mean(dim=3)
        return features

    def segmentwise(self, features: Tensor) -> dict[str, Tensor]:
        logits = self.framewise_logits(features)
        return {"features": features, "probabilities": logits.sigmoid()}

    def framewise_logits(self, features: Tensor) -> Tensor:
        """Return logits of the classes in each segment, (batch, classes, segments).

        Args:
            features: (batch, channels, segments).
        """
        hidden = functional.hardswish(self.conv_framewise(features)).transpose(1, 2)
        logits: Tensor = self.fc_framewise(hidden).transpose(1, 2)
        return logits

    @property
    def interpolation(self) -> tuple[int, bool]:
        return self.segment_frames, False

    def framewise(self, segmentwise: Tensor) -> Tensor:
        frames: Tensor = NearestInterpolator(self.segment_frames)(segmentwise)
        return frames

    def conclude(self, statistics: dict[str, Tensor], n_segments: int) -> dict[str, Tensor]:
        mean = statistics["sum"] / n_segments
        return self.classify(mean.to(self.fc1.weight.dtype))

    def classify(self, pooled: Tensor) -> dict[str, Tensor]:
        logits, embedding = self.clipwise_logits(pooled)
        return {"clipwise_output": torch.sigmoid(logits), "embedding": embedding}

    def clipwise_logits(self, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits of the classes, and the embedding.

        Args:
            pooled: mean over the segments, (batch, channels).
        """
        embedding = functional.hardswish(self.fc1(pooled))
        return self.fc_audioset(embedding), embedding
