"""PannsMini: the small network of this project, which tags and detects.

    log-mel -> stem -> residual stages -> segments of 0.16 s -> one head, used twice:

        clipwise    on maximum plus mean over all segments
        framewise   on maximum plus mean over a segment and its neighbours

The trunk looks at a fixed number of frames around a segment and at nothing else, so long
recordings can be computed in blocks, exactly.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from .blocks import conv2d
from .decision import NearestInterpolator
from .logmel import LogmelNetwork
from .residual import BasicBlock2d


class MiniBlock(BasicBlock2d):
    """A basic block without dropout: a network this small has nothing to spare."""

    dropout = 0.0


class PannsMini(LogmelNetwork):
    """A narrow residual network with clipwise, framewise and embedding outputs."""

    output_names = ("clipwise_output", "framewise_output", "embedding")
    stem_width: ClassVar[int] = 16
    # (width, blocks, size of the pool in front)
    stages: ClassVar[tuple[tuple[int, int, int], ...]] = (
        (32, 1, 2),
        (64, 2, 2),
        (128, 2, 2),
        (192, 1, 1),
    )
    channels = 192
    embedding_size = 512
    segment_frames = 16
    drop_width = None
    neighbours: ClassVar[int] = 2
    """Segments on each side that the framewise head looks at."""

    def _build_trunk(self) -> None:
        norm = nn.BatchNorm2d(self.stem_width)
        layers = [conv2d(1, self.stem_width, 3), nn.AvgPool2d(2), norm, nn.ReLU(inplace=True)]
        channels = self.stem_width
        for width, length, pool in self.stages:
            layers += [nn.AvgPool2d(pool)] if pool > 1 else []
            for _ in range(length):
                layers.append(MiniBlock(channels, width, stride=1))
                channels = width
        self.features = nn.Sequential(*layers)

    def trunk(self, x: Tensor) -> Tensor:
        image: Tensor = self.features(x)
        return image

    def segmentwise(self, features: Tensor) -> dict[str, Tensor]:
        around = surroundings(features, self.neighbours).transpose(1, 2)
        probabilities = torch.sigmoid(self.head(around)[0]).transpose(1, 2)
        return {"features": features, "probabilities": probabilities}

    @property
    def interpolation(self) -> tuple[int, bool]:
        return self.segment_frames, False

    def framewise(self, segmentwise: Tensor) -> Tensor:
        frames: Tensor = NearestInterpolator(self.segment_frames)(segmentwise)
        return frames

    def classify(self, pooled: Tensor) -> dict[str, Tensor]:
        logits, embedding = self.head(pooled)
        return {"clipwise_output": torch.sigmoid(logits), "embedding": embedding}

    def head(self, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the classes, and the embedding.

        Args:
            pooled: maximum plus mean over segments, (..., channels).
        """
        embedding = functional.hardswish(self.fc1(pooled))
        return self.fc_audioset(embedding), embedding


def surroundings(features: Tensor, neighbours: int) -> Tensor:
    """Maximum plus mean over each segment and those beside it, as far as there are any.

    Args:
        features: (batch, channels, segments).
        neighbours: number of segments on each side.
    """
    width = 2 * neighbours + 1
    mean = functional.avg_pool1d(features, width, 1, neighbours, count_include_pad=False)
    return functional.max_pool1d(features, width, 1, neighbours) + mean
