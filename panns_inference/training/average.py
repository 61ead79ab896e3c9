"""A moving average of a network's weights, which is better than the weights themselves."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

Net = TypeVar("Net", bound=nn.Module)


class MovingAverage(Generic[Net]):
    """Exponential moving average of all parameters and buffers of a network.

    Args:
        network: the network in training; its present values are the first.
        decay: weight of the past, near 1; the first steps use `(1 + step) / (10 + step)`
            where that is less, so that the initial values soon lose their weight.
    """

    def __init__(self, network: Net, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, network: Net, step: int) -> None:
        """Update the average with the values after a step.

        Args:
            network: the network in training.
            step: number of the step, from 0.
        """
        decay = min(self.decay, (1 + step) / (10 + step))
        ours, theirs = self.network.state_dict(), network.state_dict()
        floats = [name for name, value in ours.items() if value.is_floating_point()]
        torch._foreach_lerp_(
            [ours[name] for name in floats], [theirs[name] for name in floats], 1 - decay
        )
        for name in ours.keys() - set(floats):
            ours[name].copy_(theirs[name])
