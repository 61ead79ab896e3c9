"""Base of all networks: settings, features in segments, and a head.

    waveform --pad--> features (batch, channels, segments) --outputs--> probabilities

A family supplies `segment_features`; the clip-level head below is that of all networks but the
decision-level ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import AudioError
from .augment import do_mixup
from .blocks import initialise
from .decision import pad_framewise_output, summed
from .frontend import FrontEnd
from .precision import unlowered, without_autocast


def _softmax(logits: Tensor) -> Tensor:
    return torch.softmax(logits, -1)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"sigmoid": torch.sigmoid, "softmax": _softmax}


class Network(nn.Module):
    """Base of all networks: waveform (batch, samples) in, dict of probabilities out.

    Args:
        sample_rate: rate of the waveforms in Hz.
        window_size: STFT window in samples.
        hop_size: step between frames in samples.
        mel_bins: number of mel bins.
        fmin: lowest frequency of the mel filters in Hz.
        fmax: highest frequency of the mel filters in Hz.
        classes_num: number of classes.
    """

    published: ClassVar[FrontEnd] = FrontEnd()
    """Settings of the published checkpoint."""

    channels: ClassVar[int]
    """Width of the features."""

    embedding_size: ClassVar[int]
    """Length of the embedding: outputs of `fc1`."""

    output_names: ClassVar[tuple[str, ...]] = ("clipwise_output", "embedding")
    """Keys of what `forward` returns."""

    statistics_of: ClassVar[dict[str, str]] = {"maximum": "features", "sum": "features"}
    """Statistics over the segments that the head needs: name to the segmentwise value.
    `maximum` is the largest over the segments; all others are sums."""

    window_seconds: ClassVar[float | None] = None
    """Seconds that the network is given at once, if each of its outputs depends on the whole clip;
    None for networks whose segments depend on their surroundings alone."""

    head_dropout: ClassVar[float] = 0.5
    """Dropout before `fc1`; after it, it is 0.5 everywhere."""

    fc_hidden: nn.Sequential
    hidden: tuple[int, ...] = ()
    """Widths of the dense layers in front of the last one, see `insert_hidden`."""

    activation = "sigmoid"
    """What makes probabilities of the last layer of a clip-level head: 'sigmoid', for each class by
    itself, or 'softmax', where one of them sounds at a time."""

    def __init__(
        self,
        sample_rate: int,
        window_size: int,
        hop_size: int,
        mel_bins: int,
        fmin: float,
        fmax: float,
        classes_num: int,
    ) -> None:
        super().__init__()
        self.frontend = FrontEnd(sample_rate, window_size, hop_size, mel_bins, fmin, fmax)
        self.sample_rate = sample_rate
        self.hop_size = hop_size
        self.classes_num = classes_num
        self._build()
        self._build_head()
        self.init_weight()

    def _build(self) -> None:
        """Register the layers below the head, in the order of the published state dict."""
        raise NotImplementedError

    def _build_head(self) -> None:
        """Register the layers behind the pooling over time."""
        self.fc1 = nn.Linear(self.channels, self.embedding_size)
        self._build_classifier()

    def _build_classifier(self) -> None:
        """Register the layer behind `fc1`."""
        self.fc_audioset = nn.Linear(self.embedding_size, self.classes_num)

    @property
    def last_layer(self) -> nn.Linear:
        """The layer that gives the logits of the clip, of networks that have an embedding."""
        return self.fc_audioset

    def before_last_layer(self, embedding: Tensor) -> Tensor:
        """Return what the last layer makes logits of, (batch, n).

        Args:
            embedding: of clips, (batch, embedding_size).
        """
        found: Tensor = self.fc_hidden(embedding) if self.hidden else embedding
        return found

    def init_weight(self) -> None:
        """Draw new initial values; the front-end keeps its own."""
        initialise(self)

    def computed_state(self) -> dict[str, Tensor]:
        """Return the part of the state dict that follows from the settings, on the CPU.

        A file of weights may leave it out.
        """
        return {}

    @property
    def window_samples(self) -> int | None:
        """`window_seconds` in samples."""
        seconds = self.window_seconds
        return None if seconds is None else round(seconds * self.sample_rate)

    @property
    def minimum_samples(self) -> int:
        """Length in samples to which a shorter waveform is padded with zeros."""
        raise NotImplementedError

    def segment_features(self, input: Tensor, mixup_lambda: Tensor | None = None) -> Tensor:
        """Return the features of each segment, (batch, channels, segments).

        Args:
            input: waveforms, (batch, samples), at least `minimum_samples` long.
            mixup_lambda: weights of the rows in training, (batch,).
        """
        raise NotImplementedError

    def forward(self, input: Tensor, mixup_lambda: Tensor | None = None) -> dict[str, Tensor]:
        """Return probabilities of the classes, and the embedding or the framewise probabilities.

        Args:
            input: waveforms, (batch, samples), mono, nominally in [-1, 1], at `sample_rate`.
                Any length from one sample; what is shorter than `minimum_samples` is padded
                with zeros at its end.
            mixup_lambda: in training, weights of the rows, (batch,): rows are mixed in pairs, and
                the outputs have half as many.

        Returns:
            `clipwise_output` (batch, classes) and either `embedding` (batch, embedding_size) or
            `framewise_output` (batch, 1 + samples // hop_size, classes).

        Raises:
            AudioError: for another shape, and for waveforms of no samples.
        """
        if input.ndim != 2 or input.shape[1] == 0:
            raise AudioError(
                f"{type(self).__name__} takes waveforms (batch, samples) of one sample or more, "
                f"not {tuple(input.shape)}"
            )
        n_samples = input.shape[1]
        if n_samples < self.minimum_samples:
            input = functional.pad(input, (0, self.minimum_samples - n_samples))
        return self.outputs(
            self.segment_features(input, mixup_lambda), 1 + n_samples // self.hop_size
        )

    def mixed(self, x: Tensor, mixup_lambda: Tensor | None) -> Tensor:
        """Return the rows mixed in pairs, in training and if weights are given.

        Args:
            x: (batch, ...).
            mixup_lambda: weights of the rows, (batch,).
        """
        return do_mixup(x, mixup_lambda) if self.training and mixup_lambda is not None else x

    def outputs(self, features: Tensor, n_frames: int) -> dict[str, Tensor]:
        """Return what `forward` returns, from the features of a whole recording.

        No autocast lowers the precision of the head: the probability of a class that is all but
        certain is 1 in bfloat16, and has no gradient.

        Args:
            features: (batch, channels, segments).
            n_frames: frames of the recording, for networks with a framewise output.
        """
        features = unlowered(features)
        with without_autocast(features.device):
            segmentwise = self.segmentwise(features)
            found = self.conclude(self.statistics(segmentwise), features.shape[2])
            if "framewise_output" in self.output_names:
                frames = self.framewise(segmentwise["probabilities"].transpose(1, 2))
                found["framewise_output"] = pad_framewise_output(frames, n_frames)
        return {name: found[name] for name in self.output_names}

    def segmentwise(self, features: Tensor) -> dict[str, Tensor]:
        """Return the values of each segment that the head and its statistics need.

        Args:
            features: (batch, channels, segments).

        Returns:
            Values of each segment, (batch, ..., segments): those that `statistics_of` names, and
            `probabilities` of the classes if the network has a framewise output.
        """
        return {"features": features}

    def statistics(self, segmentwise: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the maxima and sums over some segments that `statistics_of` names.

        Of segments that follow one another the maxima of the maxima and the sums of the sums are
        those of all of them.

        Args:
            segmentwise: what `segmentwise` returns.

        Returns:
            Values of each recording, (batch, ...).
        """
        return {
            name: segmentwise[value].amax(dim=-1)
            if name == "maximum"
            else summed(segmentwise[value])
            for name, value in self.statistics_of.items()
        }

    def conclude(self, statistics: dict[str, Tensor], n_segments: int) -> dict[str, Tensor]:
        """Return the outputs for a recording as a whole.

        Args:
            statistics: of all its segments.
            n_segments: their number.
        """
        mean = statistics["sum"] / n_segments
        return self.classify((statistics["maximum"] + mean).to(self.fc1.weight.dtype))

    @property
    def interpolation(self) -> tuple[int, bool]:
        """Frames of a segment, or 0 without a framewise output, and whether lines lead between."""
        return 0, False

    def framewise(self, segmentwise: Tensor) -> Tensor:
        """Return frames from segments: (batch, T, classes) -> (batch, frames, classes).

        Args:
            segmentwise: probabilities of the classes in each segment.
        """
        raise NotImplementedError

    def classify(self, pooled: Tensor) -> dict[str, Tensor]:
        """Return the outputs of the clip-level head behind the pooling over time.

        Args:
            pooled: maximum plus mean over the segments, (batch, channels).
        """
        x = functional.dropout(pooled, self.head_dropout, self.training)
        x = functional.relu(self.fc1(x))
        logits = self.fc_audioset(self.before_last_layer(x))
        embedding = functional.dropout(x, 0.5, self.training)
        return {"clipwise_output": self.probabilities(logits), "embedding": embedding}

    def probabilities(self, logits: Tensor) -> Tensor:
        """Return probabilities of the classes, (batch, classes), as `activation` says.

        Args:
            logits: values of the last layer, (batch, classes).
        """
        return ACTIVATIONS[self.activation](logits)
