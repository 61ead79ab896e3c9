"""From segments to frames: what the networks with a framewise output share."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..names import check_one_of
from .precision import single_at_least


class NearestInterpolator(nn.Module):
    """Repeat each segment: (batch, T, classes) -> (batch, T * ratio, classes).

    Args:
        ratio: frames of a segment.
    """

    lines: ClassVar[bool] = False
    """True if frames between two segments lie on a straight line."""

    def __init__(self, ratio: int) -> None:
        super().__init__()
        self.ratio = ratio

    def forward(self, x: Tensor) -> Tensor:
        """The segments, each `ratio` times.

        Args:
            x: segmentwise values, (batch, T, classes).
        """
        return x.repeat_interleave(self.ratio, dim=1)


class LinearInterpolator(NearestInterpolator):
    """Straight lines between segments: (batch, T, classes) -> (batch, (T - 1) * ratio + 1, ...).

    As the transposed convolution with a triangle of panns-inference 0.1.0.
    """

    lines = True

    def forward(self, x: Tensor) -> Tensor:
        """Values on the lines; segment t stands at frame `t * ratio`.

        Args:
            x: segmentwise values, (batch, T, classes).
        """
        places = torch.arange(self.ratio, device=x.device) / self.ratio
        lines = torch.lerp(x[:, :-1, None], x[:, 1:, None], places.to(x.dtype)[:, None])
        return torch.cat((lines.flatten(1, 2), x[:, -1:]), dim=1)


INTERPOLATORS = {"nearest": NearestInterpolator, "linear": LinearInterpolator}


class Interpolator(nn.Module):
    """Segmentwise to framewise values in the way of that name.

    Args:
        ratio: frames of a segment.
        interpolate_mode: 'nearest' or 'linear'.

    Raises:
        UsageError: for another mode.
    """

    def __init__(self, ratio: int, interpolate_mode: str = "nearest") -> None:
        super().__init__()
        check_one_of(interpolate_mode, INTERPOLATORS, "interpolate_mode")
        self.interpolator = INTERPOLATORS[interpolate_mode](ratio)

    def forward(self, x: Tensor) -> Tensor:
        """Framewise values, (batch, frames, classes).

        Args:
            x: segmentwise values, (batch, T, classes).
        """
        framewise: Tensor = self.interpolator(x)
        return framewise


def pad_framewise_output(framewise_output: Tensor, frames_num: int) -> Tensor:
    """Repeat the last frame until there are `frames_num`, or cut what is more.

    Args:
        framewise_output: (batch, frames, classes).
        frames_num: number of frames wanted.
    """
    missing = frames_num - framewise_output.shape[1]
    if missing <= 0:
        return framewise_output[:, :frames_num]
    last = framewise_output[:, -1:].expand(-1, missing, -1)
    return torch.cat((framewise_output, last), dim=1)


def neighbourhood(features: Tensor) -> Tensor:
    """Maximum plus mean over a segment and its two neighbours, (batch, channels, T).

    The mean always divides by 3: at both ends it counts a zero, as in the reference.

    Args:
        features: (batch, channels, T).
    """
    return functional.max_pool1d(features, 3, 1, padding=1) + functional.avg_pool1d(
        features, 3, 1, padding=1
    )


class AttBlock(nn.Module):
    """Attention over time: class probabilities a segment, weighted into clip probabilities.

    Args:
        n_in: channels of the input.
        n_out: number of classes.
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.att = nn.Conv1d(n_in, n_out, 1)
        self.cla = nn.Conv1d(n_in, n_out, 1)
        # Part of the published state dict; the published forward pass never uses it.
        self.bn_att = nn.BatchNorm1d(n_out)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Weights and probabilities of the classes in each segment, both (batch, classes, T).

        The weights of a class are proportional to their softmax over time; as long recordings
        are processed in blocks, what they are divided by, their sum, is known at the end only.

        Args:
            x: (batch, channels, T).
        """
        weights = self.att(x).clamp(-10, 10)
        return weights.to(single_at_least(x.dtype)).exp(), self.cla(x).sigmoid()


def summed(x: Tensor) -> Tensor:
    """Sum over the segments, in float32 at least.

    Args:
        x: (batch, ..., T).
    """
    return x.sum(dim=-1, dtype=single_at_least(x.dtype))
