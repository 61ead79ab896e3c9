"""CNN6, CNN10, CNN14 and their variants (paper, Table I and section VI)."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

from torch import Tensor
from torch.nn import functional

from ..errors import UsageError
from .blocks import ConvBlock, ConvBlock5x5, add_numbered
from .decision import AttBlock, Interpolator, neighbourhood
from .frontend import FrontEnd
from .logmel import LogmelNetwork


class Cnn14(LogmelNetwork):
    """Six blocks of two 3 x 3 convolutions."""

    block: ClassVar[type[ConvBlock]] = ConvBlock
    widths: ClassVar[tuple[int, ...]] = (64, 128, 256, 512, 1024, 2048)
    pooled_blocks: ClassVar[int] = 5
    block_dropout: ClassVar[float] = 0.2
    channels = 2048
    embedding_size = 2048

    def _build_trunk(self) -> None:
        blocks = (self.block(i, o) for i, o in pairwise((1, *self.widths)))
        add_numbered(self, "conv_block", blocks)

    def trunk(self, x: Tensor, first: int = 1) -> Tensor:
        """The blocks from number `first` on.

        Args:
            x: (batch, channels, frames, mel_bins).
            first: number of the first block, from 1.
        """
        for number in range(first, len(self.widths) + 1):
            pool = 2 if number <= self.pooled_blocks else 1
            x = getattr(self, f"conv_block{number}")(x, pool_size=(pool, pool), pool_type="avg")
            x = functional.dropout(x, self.block_dropout, self.training)
        return x


class Cnn6(Cnn14):
    """Four blocks of one 5 x 5 convolution."""

    block = ConvBlock5x5
    widths = (64, 128, 256, 512)
    pooled_blocks = 4
    segment_frames = 16
    channels = embedding_size = 512


class Cnn10(Cnn14):
    """Four blocks of two 3 x 3 convolutions."""

    widths = (64, 128, 256, 512)
    pooled_blocks = 4
    segment_frames = 16
    channels = embedding_size = 512


class Cnn14_no_specaug(Cnn14):  # noqa: N801 (the published name)
    """CNN14 trained without SpecAugment."""

    drop_width = None


class Cnn14_no_dropout(Cnn14):  # noqa: N801
    """CNN14 trained without dropout in its blocks."""

    block_dropout = 0.0


class Cnn14_mixup_time_domain(Cnn14):  # noqa: N801
    """CNN14 trained with mixup of the waveforms."""

    def logmel(self, input: Tensor, mixup_lambda: Tensor | None = None) -> Tensor:
        return super().logmel(self.mixed(input, mixup_lambda))


class Cnn14_emb512(Cnn14):  # noqa: N801
    """CNN14 with an embedding of 512."""

    embedding_size = 512


class Cnn14_emb128(Cnn14):  # noqa: N801
    """CNN14 with an embedding of 128."""

    embedding_size = 128


class Cnn14_emb32(Cnn14):  # noqa: N801
    """CNN14 with an embedding of 32."""

    embedding_size = 32


class Cnn14_mel32(Cnn14):  # noqa: N801
    """CNN14 on 32 mel bins."""

    published = FrontEnd(mel_bins=32)
    drop_width = (64, 4)


class Cnn14_mel128(Cnn14):  # noqa: N801
    """CNN14 on 128 mel bins."""

    published = FrontEnd(mel_bins=128)
    drop_width = (64, 16)


class _FixedRate(Cnn14):
    """A network that exists for one front-end only."""

    def _build_frontend(self) -> None:
        if self.frontend != self.published:
            raise UsageError(
                f"{type(self).__name__} has one front-end: {self.published}; got {self.frontend}"
            )
        super()._build_frontend()


class Cnn14_16k(_FixedRate):  # noqa: N801
    """CNN14 for 16 kHz."""

    published = FrontEnd(16000, 512, 160, 64, 50, 8000)


class Cnn14_8k(_FixedRate):  # noqa: N801
    """CNN14 for 8 kHz."""

    published = FrontEnd(8000, 256, 80, 64, 50, 4000)


class Cnn14_DecisionLevelMax(Cnn14):  # noqa: N801
    """CNN14 that decides for each segment; a clip has the largest of its probabilities.

    Args:
        sample_rate: rate of the waveforms in Hz.
        window_size: STFT window in samples.
        hop_size: step between frames in samples.
        mel_bins: number of mel bins.
        fmin: lowest frequency of the mel filters in Hz.
        fmax: highest frequency of the mel filters in Hz.
        classes_num: number of classes.
        interpolate_mode: how frames follow from segments, 'nearest' or 'linear'.

    Raises:
        UsageError: for another `interpolate_mode`.
    """

    output_names = ("framewise_output", "clipwise_output")
    statistics_of: ClassVar[dict[str, str]] = {"maximum": "probabilities"}

    def __init__(
        self,
        sample_rate: int,
        window_size: int,
        hop_size: int,
        mel_bins: int,
        fmin: float,
        fmax: float,
        classes_num: int,
        interpolate_mode: str = "nearest",
    ) -> None:
        super().__init__(sample_rate, window_size, hop_size, mel_bins, fmin, fmax, classes_num)
        self.interpolate_ratio = self.segment_frames
        self.interpolator = Interpolator(self.interpolate_ratio, interpolate_mode)

    def segmentwise(self, features: Tensor) -> dict[str, Tensor]:
        x = functional.dropout(neighbourhood(features), 0.5, self.training).transpose(1, 2)
        x = functional.dropout(functional.relu(self.fc1(x)), 0.5, self.training)
        return self.decide(x.transpose(1, 2))

    def decide(self, x: Tensor) -> dict[str, Tensor]:
        """`probabilities` of the classes in each segment, (batch, classes, T).

        Args:
            x: outputs of `fc1` for each segment, (batch, embedding_size, T).
        """
        return {"probabilities": self.fc_audioset(x.transpose(1, 2)).sigmoid().transpose(1, 2)}

    def conclude(self, statistics: dict[str, Tensor], n_segments: int) -> dict[str, Tensor]:
        return {"clipwise_output": statistics["maximum"]}

    @property
    def interpolation(self) -> tuple[int, bool]:
        return self.interpolate_ratio, self.interpolator.interpolator.lines

    def framewise(self, segmentwise: Tensor) -> Tensor:
        frames: Tensor = self.interpolator(segmentwise)
        return frames


class Cnn14_DecisionLevelAvg(Cnn14_DecisionLevelMax):  # noqa: N801
    """CNN14 that decides for each segment; a clip has the mean of its probabilities."""

    statistics_of: ClassVar[dict[str, str]] = {"sum": "probabilities"}

    def conclude(self, statistics: dict[str, Tensor], n_segments: int) -> dict[str, Tensor]:
        return {"clipwise_output": statistics["sum"] / n_segments}


class Cnn14_DecisionLevelAtt(Cnn14_DecisionLevelMax):  # noqa: N801
    """CNN14 that decides for each segment, and weighs the segments by attention."""

    statistics_of: ClassVar[dict[str, str]] = {"weighted": "weighted", "weight": "weight"}

    def _build_classifier(self) -> None:
        self.att_block = AttBlock(self.embedding_size, self.classes_num)

    def decide(self, x: Tensor) -> dict[str, Tensor]:
        weights, probabilities = self.att_block(x)
        weighted = weights * probabilities
        return {"probabilities": probabilities, "weighted": weighted, "weight": weights}

    def conclude(self, statistics: dict[str, Tensor], n_segments: int) -> dict[str, Tensor]:
        return {"clipwise_output": statistics["weighted"] / statistics["weight"]}
