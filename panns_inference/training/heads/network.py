"""A network with new classes: all but its last layers, and a head."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import UsageError
from ...models import Network
from ...wording import advice
from ..new_classes import with_new_classes
from .linear import Head

if TYPE_CHECKING:
    from ...model import Model


def trunk_of(model: Model) -> Network:
    """Return the network whose last layers can be learnt anew.

    Args:
        model: that computes the embeddings.

    Raises:
        UsageError: if it is no network of `models` with an embedding.
    """
    network = model.network
    if not isinstance(network, Network):
        raise UsageError(
            f"{model.name} cannot learn new classes: give the name of a network, or a file of "
            "weights for one of panns_inference.models"
        )
    if "embedding" not in network.output_names:
        way = advice("by transfer_in_mode", "with --fine-tune")
        raise UsageError(
            f"{model.name} decides for each segment, and has no embedding from which its last "
            f"layer could be learnt in seconds: let it learn {way}, or take a network that "
            "has one, such as Cnn14 or PannsMini"
        )
    return network


def last_values(network: Network, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what the last layer of a network is given, (clips, n).

    Args:
        network: as `trunk_of` returns it.
        embeddings: of clips, (clips, embedding_size).
    """
    weight = network.last_layer.weight
    with torch.inference_mode():
        values = torch.from_numpy(embeddings).to(weight.device, weight.dtype)
        found: NDArray[np.float32] = network.before_last_layer(values).float().cpu().numpy()
    return found


def with_head(network: Network, head: Head) -> Network:
    """Return a network with all that another one has learnt, but a head for new classes.

    Args:
        network: as `trunk_of` returns it; it stays as it is.
        head: the last layer, and the activation.
    """
    made = with_new_classes(network, len(head.bias), head.activation).network
    head.put_into(made.last_layer)
    return made.eval()
