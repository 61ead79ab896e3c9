"""A network with new classes: all that another one has, but new last layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..checkpoints.matching import head_keys
from ..checkpoints.saving import description_of
from ..models import Network, build

Activation = Literal["sigmoid", "softmax"]


@dataclass(frozen=True, eq=False)
class Renewed:
    """A network that is to learn new classes.

    Attributes:
        network: it lies on the CPU.
        new: names of the parameters that begin with random values.
    """

    network: Network
    new: frozenset[str]


def with_new_classes(
    network: Network,
    classes_num: int,
    activation: Activation,
    *,
    hidden: Sequence[int] = (),
    pretrained: bool = True,
) -> Renewed:
    """Return a network with the front-end of another one, and with its weights.

    Random values are drawn from torch's generator.

    Args:
        network: of `models`; it stays as it is.
        classes_num: number of classes.
        activation: what makes probabilities of the last layer.
        hidden: widths of new dense layers in front of the last one.
        pretrained: whether it has the weights, but for its last layers; otherwise all is random.

    Raises:
        UsageError: if the network is none of `models`, or it has no embedding that hidden layers
            could take.
    """
    names = [str(number) for number in range(network.classes_num)]
    said = description_of(network, Path(type(network).__name__), names)
    made = build(said.network, classes_num, hidden=(*said.hidden, *hidden), **said.settings)
    made.activation = activation
    own, old = made.state_dict(), network.state_dict()
    last = head_keys(own)
    kept = {key: old[key].cpu() for key in own if key in old and key not in last and pretrained}
    made.load_state_dict({**own, **kept})
    new = {name for name, _ in made.named_parameters()} - kept.keys()
    return Renewed(made, frozenset(new))


def activation_for(network: Network, *, is_single_label: bool) -> Activation:
    """Return what makes probabilities of the classes.

    Networks that decide for each segment have no softmax over a clip.

    Args:
        network: whose last layer is learnt.
        is_single_label: whether each clip has one class.
    """
    decides_by_segments = "framewise_output" in network.output_names
    return "softmax" if is_single_label and not decides_by_segments else "sigmoid"
