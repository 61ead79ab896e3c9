"""Dense layers between the embedding of a network and its last layer.

embedding -> [dense -> ReLU -> dropout] ... -> last layer -> classes
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from ..errors import UsageError
from .blocks import initialise
from .network import Network

DROPOUT = 0.5
"""Behind each of them, in training."""


def insert_hidden(network: Network, widths: Sequence[int]) -> None:
    """Put dense layers in front of the last one, which gets new values.

    In the state dict they are `fc_hidden.0`, `fc_hidden.3` and so on.

    Args:
        network: with an embedding, and without such layers.
        widths: outputs of each layer; none leaves the network as it is.

    Raises:
        UsageError: if the network has no embedding.
    """
    check_hidden(network, widths)
    if not widths:
        return
    last = network.last_layer
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise((last.in_features, *widths)):
        layers += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(DROPOUT)]
    network.hidden = tuple(widths)
    network.fc_hidden = nn.Sequential(*layers)
    last.in_features = widths[-1]
    last.weight = nn.Parameter(last.weight.new_empty(last.out_features, widths[-1]))
    initialise(network.fc_hidden)
    initialise(last)


def check_hidden(network: Network, widths: Sequence[int]) -> None:
    """Make sure that a network can have dense layers in front of the last one.

    Args:
        network: of `models`.
        widths: outputs of each layer.

    Raises:
        UsageError: if there are some, and the network has no embedding.
    """
    if widths and "embedding" not in network.output_names:
        raise UsageError(
            f"{type(network).__name__} has no embedding that dense layers could take: it decides "
            "for each segment"
        )
