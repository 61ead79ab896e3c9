"""A network with new classes: all but its last layers, and a head."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...checkpoints.matching import head_keys
from ...errors import UsageError
from ...models import Network, build
from .linear import Activation, Head

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
        raise model.lacks("embedding")
    return network


def activation_for(network: Network, *, is_single_label: bool) -> Activation:
    """Return what makes probabilities of the classes.

    Networks that decide for each segment have no softmax over a clip.

    Args:
        network: whose last layer is learnt.
        is_single_label: whether each clip has one class.
    """
    decides_by_segments = "framewise_output" in network.output_names
    return "softmax" if is_single_label and not decides_by_segments else "sigmoid"


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
    settings: dict[str, Any] = asdict(network.frontend)
    made = build(type(network).__name__, len(head.bias), hidden=network.hidden, **settings)
    own = made.state_dict()
    trunk = {key: value.cpu() for key, value in network.state_dict().items()}
    made.load_state_dict({**trunk, **{key: own[key] for key in head_keys(own)}})
    made.activation = head.activation
    head.put_into(made.last_layer)
    return made.eval()
