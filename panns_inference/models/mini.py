"""PannsMini: the small network of this project, which tags and detects.

    log-mel -> features -> deep -> mean over bands    segments of 0.16 s
                  |                 |        |
                  |                 |        '-> mean over all segments -> embedding -> classes
                  |                 v                                            (clipwise)
                  '-- each band -> two convolutions along time -> classes
                                                                  (framewise)

The trunk is MobileNetV3 at 0.4 of its width, as in EfficientAT's mn04 (Schmid, Koutini and Widmer,
ICASSP 2023), with three differences. Its last stride is along frequency alone, with dilated kernels
behind it: segments are half as long and look at the same sounds. Squeezes take their means over
`SQUEEZE_SECONDS` on each side, so that long recordings can be computed in blocks, exactly. And the
framewise probabilities have a head of their own, which also sees the bands of the features in front
of the dilated kernels: these differ from one segment to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from .decision import NearestInterpolator
from .frontend import FrontEnd
from .kaldi import KaldiLogmel
from .mobilenet_v3 import Inverted, InvertedResidual, LocalSqueeze, conv_norm
from .network import Network

SQUEEZE_SECONDS = 0.64
"""Seconds on each side of a step over which squeezes take their means."""

SHORTEST_SECONDS = 2.0
"""What is shorter is given silence behind it: a sound that fills its clip is taken for music."""

STEM = 8
FEATURES = (
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
)
DEEP = (
    Inverted(5, 272, 64, 72, hard_swish=True, stride=(1, 2), dilation=2),
    Inverted(5, 384, 64, 96, hard_swish=True, dilation=2),
    Inverted(5, 384, 64, 96, hard_swish=True, dilation=2),
)
BANDS_STRIDE = 16
"""Mel bins of a band of the features."""


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
        stem = conv_norm(1, STEM, 3, (2, 2), activation=nn.Hardswish())
        self.features = nn.Sequential(stem, *self._blocks(FEATURES, STEM, 2))
        width = FEATURES[-1].channels
        last = conv_norm(DEEP[-1].channels, self.channels, activation=nn.Hardswish())
        self.deep = nn.Sequential(*self._blocks(DEEP, width, self.segment_frames), last)

    def _blocks(self, rows: Sequence[Inverted], channels: int, frames: int) -> list[nn.Module]:
        """Return blocks in a row, of which the first takes so many channels and frames a step."""
        blocks: list[nn.Module] = []
        for row in rows:
            frames *= row.stride[0]
            context = round(SQUEEZE_SECONDS * self.sample_rate / self.hop_size / frames)
            blocks.append(InvertedResidual(channels, row, partial(LocalSqueeze, context=context)))
            channels = row.channels
        return blocks

    def _build_classifier(self) -> None:
        super()._build_classifier()
        bands = FEATURES[-1].channels * -(-self.frontend.mel_bins // BANDS_STRIDE)
        self.framewise_head = nn.Sequential(
            _along_time(self.channels + bands),
            nn.Conv1d(self.channels + bands, self.embedding_size, 1),
            nn.Hardswish(),
            _along_time(self.embedding_size),
            nn.Conv1d(self.embedding_size, self.classes_num, 1),
        )

    @property
    def minimum_samples(self) -> int:
        """Two seconds."""
        return round(SHORTEST_SECONDS * self.sample_rate)

    def segment_features(self, input: Tensor, mixup_lambda: Tensor | None = None) -> Tensor:
        image = self.logmel_extractor(input).to(self.fc1.weight.dtype)
        return self.trunk(self.mixed(image, mixup_lambda))

    def trunk(self, image: Tensor) -> Tensor:
        """Return the values of each segment, (batch, channels + bands, segments).

        They are the features of the clipwise head, then the bands that the framewise head sees too.

        Args:
            image: log-mel, (batch, 1, frames, mel_bins).
        """
        bands = self.features(image)
        deep = self.deep(bands).mean(dim=3)
        return torch.cat((deep, bands.transpose(2, 3).flatten(1, 2)), dim=1)

    def segmentwise(self, features: Tensor) -> dict[str, Tensor]:
        logits = self.framewise_logits(features)
        return {"features": features[:, : self.channels], "probabilities": logits.sigmoid()}

    def framewise_logits(self, features: Tensor) -> Tensor:
        """Return logits of the classes in each segment, (batch, classes, segments).

        Args:
            features: (batch, channels + bands, segments).
        """
        logits: Tensor = self.framewise_head(features)
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
        return self.fc_audioset(self.before_last_layer(embedding)), embedding


def _along_time(channels: int) -> nn.Conv1d:
    """Return a convolution along time of each channel by itself, over two segments on each side."""
    return nn.Conv1d(channels, channels, 5, padding=2, groups=channels)
