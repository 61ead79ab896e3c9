"""EfficientAT's MobileNets (Schmid, Koutini and Widmer, ICASSP 2023 and EUSIPCO 2023).

    log-mel --> stem, 15 inverted residual blocks, 1x1 --> mean over the image --> embedding
                                                                                    |
                                  probabilities <-- dense <-- hard-swish <-- dense <'

MobileNetV3-Large on log-mel images whose rows are mel bins and whose columns are frames, with its
widths multiplied. Keys and shapes are those of the published files. The squeezes take their means
over the whole image, so each output depends on all of the clip: long recordings are given to the
networks in windows.

The embedding is the mean of the features, in front of the dense layers: what the authors take as
one (*Low-Complexity Audio Embedding Extractors via Pre-trained CNNs*), and not yet bent towards
the classes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from torch import Tensor, nn

from .frontend import FrontEnd
from .kaldi import KaldiLogmel, transform_size
from .mobilenet_v3 import Inverted, InvertedResidual, Squeeze, conv_norm
from .network import Network

STEM, HIDDEN = 16, 1280
"""Channels of the stem, and outputs of the first dense layer, at width 1."""

SQUEEZED = True
BLOCKS = (
    # kernel, expanded, channels, squeezed, hard-swish, stride
    (3, 16, 16, False, False, 1),
    (3, 64, 24, False, False, 2),
    (3, 72, 24, False, False, 1),
    (5, 72, 40, SQUEEZED, False, 2),
    (5, 120, 40, SQUEEZED, False, 1),
    (5, 120, 40, SQUEEZED, False, 1),
    (3, 240, 80, False, True, 2),
    (3, 200, 80, False, True, 1),
    (3, 184, 80, False, True, 1),
    (3, 184, 80, False, True, 1),
    (3, 480, 112, SQUEEZED, True, 1),
    (3, 672, 112, SQUEEZED, True, 1),
    (5, 672, 160, SQUEEZED, True, 2),
    (5, 960, 160, SQUEEZED, True, 1),
    (5, 960, 160, SQUEEZED, True, 1),
)
"""The blocks at width 1 (Howard et al., ICCV 2019, table 1)."""


def channels_of(width_one: float, width: float = 1.0) -> int:
    """Return a number of channels at some width: a multiple of 8, at most a tenth too few.

    Args:
        width_one: channels at width 1.
        width: by which they are multiplied.
    """
    wanted = width_one * width
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


def rows_of(width: float) -> list[Inverted]:
    """Return the blocks at some width.

    Args:
        width: by which the channels are multiplied.
    """
    rows = []
    for kernel, expanded, channels, squeezed, hard_swish, stride in BLOCKS:
        inside = channels_of(expanded, width)
        between = channels_of(inside // 4) if squeezed else 0
        outside = channels_of(channels, width)
        rows.append(Inverted(kernel, inside, outside, between, hard_swish, (stride, stride)))
    return rows


def embedding_of(width: float) -> int:
    """Return the length of the embedding at some width: six times the channels of the last block.

    Args:
        width: by which the channels are multiplied.
    """
    return 6 * rows_of(width)[-1].channels


class EfficientAT(Network):
    """Base of the family; `width` and `published` are those of the published networks."""

    published = FrontEnd(32000, 800, 320, 128, 0, 15000)
    statistics_of: ClassVar[dict[str, str]] = {"sum": "features"}
    window_seconds = 10.0
    width: ClassVar[float] = 1.0
    channels = embedding_size = embedding_of(1.0)

    def __init_subclass__(cls) -> None:
        cls.channels = cls.embedding_size = embedding_of(cls.width)

    def _build(self) -> None:
        self.logmel_extractor = KaldiLogmel(self.frontend)
        channels = channels_of(STEM, self.width)
        layers: list[nn.Module] = [conv_norm(1, channels, 3, (2, 2), activation=nn.Hardswish())]
        for row in rows_of(self.width):
            layers.append(InvertedResidual(channels, row, ConcurrentSqueeze))
            channels = row.channels
        layers.append(conv_norm(channels, self.channels, activation=nn.Hardswish()))
        self.features = nn.Sequential(*layers)

    def _build_head(self) -> None:
        hidden = channels_of(HIDDEN, self.width)
        self.classifier = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(self.embedding_size, hidden),
            nn.Hardswish(),
            nn.Dropout(0.2),
            nn.Linear(hidden, self.classes_num),
        )

    @property
    def last_layer(self) -> nn.Linear:
        last: nn.Linear = self.classifier[-1]  # type: ignore[assignment]
        return last

    def before_last_layer(self, embedding: Tensor) -> Tensor:
        for layer in list(self.classifier)[2:-1]:  # behind the mean
            embedding = layer(embedding)
        return super().before_last_layer(embedding)

    @property
    def minimum_samples(self) -> int:
        """The shortest waveform that has a sample more than is mirrored, once it is emphasised."""
        return transform_size(self.frontend) // 2 + 2

    def segment_features(self, input: Tensor, mixup_lambda: Tensor | None = None) -> Tensor:
        image = self.logmel_extractor(input).to(self.classifier[2].weight.dtype)
        features = self.features(self.mixed(image, mixup_lambda).transpose(2, 3))
        # The clip is one segment, for no part of it has features of its own.
        pooled: Tensor = features.mean(dim=(2, 3))
        return pooled[:, :, None]

    def conclude(self, statistics: dict[str, Tensor], n_segments: int) -> dict[str, Tensor]:
        return self.classify(statistics["sum"].to(self.last_layer.weight.dtype))

    def classify(self, pooled: Tensor) -> dict[str, Tensor]:
        return {"clipwise_output": self.probabilities(self.logits(pooled)), "embedding": pooled}

    def logits(self, pooled: Tensor) -> Tensor:
        """Return logits of the classes, (batch, classes).

        Args:
            pooled: the embedding, (batch, embedding_size).
        """
        logits: Tensor = self.last_layer(self.before_last_layer(pooled))
        return logits


class ConcurrentSqueeze(nn.Module):
    """Squeeze and excitation under the names of the published files.

    Args:
        channels: channels of the image.
        squeezed: channels between the two layers.
    """

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.conc_se_layers = nn.ModuleList([Squeeze(channels, squeezed)])

    def forward(self, x: Tensor) -> Tensor:
        """Return the image with its channels gated.

        Args:
            x: (batch, channels, bands, time).
        """
        gated: Tensor = self.conc_se_layers[0](x)
        return gated


class mn01_as(EfficientAT):
    """Width 0.1."""

    width = 0.1


class mn02_as(EfficientAT):
    """Width 0.2."""

    width = 0.2


class mn04_as(EfficientAT):
    """Width 0.4."""

    width = 0.4


class mn05_as(EfficientAT):
    """Width 0.5."""

    width = 0.5


class mn10_as(EfficientAT):
    """Width 1."""


class mn20_as(EfficientAT):
    """Width 2."""

    width = 2.0


class mn30_as(EfficientAT):
    """Width 3."""

    width = 3.0


class mn40_as(EfficientAT):
    """Width 4."""

    width = 4.0


class mn40_as_ext(mn40_as):
    """Width 4, trained for longer."""


class mn40_as_no_im_pre(mn40_as):
    """Width 4, without weights of ImageNet to begin with."""


class mn10_as_hop_5(mn10_as):
    """Width 1, a frame each 5 ms."""

    published = replace(EfficientAT.published, hop_size=160)


class mn10_as_hop_15(mn10_as):
    """Width 1, a frame each 15 ms."""

    published = replace(EfficientAT.published, hop_size=480)


class mn10_as_hop_20(mn10_as):
    """Width 1, a frame each 20 ms."""

    published = replace(EfficientAT.published, hop_size=640)


class mn10_as_hop_25(mn10_as):
    """Width 1, a frame each 25 ms."""

    published = replace(EfficientAT.published, hop_size=800)


class mn10_as_mels_40(mn10_as):
    """Width 1, 40 mel bins."""

    published = replace(EfficientAT.published, mel_bins=40)


class mn10_as_mels_64(mn10_as):
    """Width 1, 64 mel bins."""

    published = replace(EfficientAT.published, mel_bins=64)


class mn10_as_mels_256(mn10_as):
    """Width 1, 256 mel bins."""

    published = replace(EfficientAT.published, mel_bins=256)
