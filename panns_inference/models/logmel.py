"""Base of the networks on log-mel images: a front-end, `bn0`, and the trunk of a family.

waveform -> spectrogram -> log-mel -> bn0 -> SpecAugment (in training) -> trunk -> features
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from .augment import SpecAugmentation
from .frontend import FrontEnd, LogmelFilterBank, Spectrogram
from .network import Network


class LogmelNetwork(Network):
    """A network on log-mel images: `trunk` turns (batch, 1, frames, mel_bins) into features."""

    spectrogram_extractor: Spectrogram
    logmel_extractor: LogmelFilterBank

    segment_frames: ClassVar[int] = 32
    """Frames of a segment: the total stride of the trunk."""

    drop_width: ClassVar[tuple[int, int] | None] = (64, 8)
    """Widest SpecAugment stripe plus one, in frames and mel bins; None leaves it out."""

    def _build(self) -> None:
        self._build_frontend()
        self._build_trunk()

    def _build_frontend(self) -> None:
        """Register the front-end and `bn0`."""
        for name, module in _frontend_modules(self.frontend).items():
            self.add_module(name, module)
        if self.drop_width is not None:
            self.spec_augmenter = SpecAugmentation(self.drop_width[0], 2, self.drop_width[1], 2)
        self.bn0 = nn.BatchNorm2d(self.frontend.mel_bins)

    def computed_state(self) -> dict[str, Tensor]:
        return {
            f"{name}.{key}": value
            for name, module in _frontend_modules(self.frontend).items()
            for key, value in module.state_dict().items()
        }

    def _build_trunk(self) -> None:
        """Register the layers between `bn0` and the head."""
        raise NotImplementedError

    @property
    def minimum_samples(self) -> int:
        """One segment of frames, and more than the front-end's reflection needs."""
        return max((self.segment_frames - 1) * self.hop_size, self.frontend.window_size // 2 + 1)

    def segment_features(self, input: Tensor, mixup_lambda: Tensor | None = None) -> Tensor:
        return self.trunk(self.logmel(input, mixup_lambda)).mean(dim=3)

    def logmel(self, input: Tensor, mixup_lambda: Tensor | None = None) -> Tensor:
        """Normalised log-mel image, augmented in training, (batch, 1, frames, mel_bins).

        Args:
            input: waveforms, (batch, samples).
            mixup_lambda: weights of the rows in training, (batch,).
        """
        x = self.logmel_extractor(self.spectrogram_extractor(input))
        # bn0 normalises each mel bin: the mel axis takes the place of the channels.
        x = self.bn0(x.to(self.bn0.weight.dtype).transpose(1, 3)).transpose(1, 3)
        if self.training and self.drop_width is not None:
            x = self.spec_augmenter(x)
        return self.mixed(x, mixup_lambda)

    def trunk(self, x: Tensor) -> Tensor:
        """Image to feature map, (batch, channels, segments, width).

        Args:
            x: normalised log-mel, (batch, 1, frames, mel_bins).
        """
        raise NotImplementedError


def _frontend_modules(given: FrontEnd) -> dict[str, nn.Module]:
    """Return the modules from waveform to log-mel spectrogram, by their names in the state dict."""
    mel = given.sample_rate, given.window_size, given.mel_bins, given.fmin, given.fmax
    return {
        "spectrogram_extractor": Spectrogram(given.window_size, given.hop_size),
        "logmel_extractor": LogmelFilterBank(*mel, top_db=None),
    }
