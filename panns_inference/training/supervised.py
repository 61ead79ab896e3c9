"""Learning from labelled clips: the loss, and the augmentation of waveforms and spectra.

waveforms -------> log-mel --SpecAugment-----> trunk -> probabilities --.
crop, shift, gain; mixup     mixup                            loss
targets ---------------------------------------------> mixup ----------'
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import UsageError
from ..models import Network, SpecAugmentation, do_mixup
from ..models.precision import without_autocast
from .batches import ClipBatch
from .waveforms import UNCHANGED, WaveformAugmentation

SMALLEST = torch.finfo(torch.float32).tiny
"""Probability below which the cross-entropy grows no more: its logarithm is finite."""


def binary_cross_entropy(probabilities: Tensor, targets: Tensor) -> Tensor:
    """Return the mean over clips and classes, in nats.

    Args:
        probabilities: of each class by itself, (batch, classes).
        targets: of the same shape, in [0, 1].
    """
    return functional.binary_cross_entropy(probabilities, targets)


def cross_entropy(probabilities: Tensor, targets: Tensor) -> Tensor:
    """Return the mean over clips, in nats.

    Args:
        probabilities: of the classes, one of which sounds, (batch, classes).
        targets: of the same shape, with a sum of 1.
    """
    return -(targets * probabilities.clamp(min=SMALLEST).log()).sum(dim=1).mean()


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "sigmoid": binary_cross_entropy,
    "softmax": cross_entropy,
}
"""The loss that belongs to the activation of a network."""

MIXUPS = ("none", "waveform", "logmel")
"""Where clips are mixed in pairs. Networks that have no log-mel mix what they have instead."""


@dataclass(frozen=True)
class Supervised:
    """Network and batch to the loss, as `Run` takes it.

    Attributes:
        mixup: one of `MIXUPS`.
        augmentation: of the waveforms, before they are mixed.
    """

    mixup: str = "none"
    augmentation: WaveformAugmentation = UNCHANGED

    def __call__(self, network: Network, batch: ClipBatch) -> dict[str, Tensor]:
        """Return the loss that belongs to the network's activation.

        Where framewise probabilities have a head of their own, it learns, too, what is in the clip.

        Args:
            network: in training.
            batch: clips and labels.
        """
        waveforms, targets, weights = batch
        waveforms = self.augmentation(waveforms)
        if self.mixup != "none":
            targets = do_mixup(targets, weights)
        if self.mixup == "waveform":
            waveforms = do_mixup(waveforms, weights)
        found = network(waveforms, weights if self.mixup == "logmel" else None)
        with without_autocast(targets.device):
            loss = LOSSES[network.activation](found["clipwise_output"].float(), targets)
            if {"embedding", "framewise_output"} <= found.keys():
                frames = weak_probabilities(found["framewise_output"].float())
                loss = loss + binary_cross_entropy(frames, targets)
        return {"loss": loss}


def weak_probabilities(framewise: Tensor) -> Tensor:
    """Return probabilities of clips by those of their frames, (batch, classes).

    They are the means over the frames, weighted with themselves (linear softmax; Y. Wang, J. Li and
    F. Metze, A Comparison of Five Multiple Instance Learning Pooling Functions for Sound Event
    Detection with Weak Labeling, ICASSP 2019): some of the frames learn what sounds in the clip.

    Args:
        framewise: probabilities of the classes in each frame, (batch, frames, classes).
    """
    return framewise.square().sum(dim=1) / framewise.sum(dim=1).clamp(min=SMALLEST)


def augment_spectra(network: Network, time_width: int, mel_width: int, stripes: int = 2) -> None:
    """Let a network zero stripes of its log-mel in training (SpecAugment), instead of what it did.

    Args:
        network: with a log-mel front-end.
        time_width: widest stripe in time plus one, in frames.
        mel_width: widest stripe in frequency plus one, in mel bins.
        stripes: in time, and in frequency; 0 leaves the log-mel as it is.

    Raises:
        UsageError: if the network has no log-mel.
    """
    augmentation = SpecAugmentation(time_width, stripes, mel_width, stripes)
    if hasattr(network, "spec_augmenter"):
        network.spec_augmenter = augmentation
    elif isinstance(front_end := getattr(network, "logmel_extractor", None), nn.Module):
        # Its values are about 0 in the mean, as they are behind `bn0` of the other networks.
        front_end.register_forward_hook(
            lambda module, _, image: augmentation.train(module.training)(image)
        )
    elif stripes:
        raise UsageError(
            f"{type(network).__name__} has no log-mel, of which stripes could be zeroed: leave "
            "SpecAugment out"
        )
