"""Whether weights fit a network, by the keys and shapes of their state dicts."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn

Shapes = dict[str, tuple[int, ...]]

SHOWN = 6
"""Keys that a message lists of each kind."""

CLASSIFIERS = ("fc_audioset.", "att_block.")
"""Layers whose shape follows from the number of classes."""

ONE_PER_CLASS = ("fc_audioset.bias", "att_block.cla.bias")
"""Entries of which a state dict holds one, with a value for each class."""


def misfit(network: nn.Module, state: Mapping[str, Tensor]) -> str:
    """Why a state dict does not fit a network: lines of text, none if it fits.

    Args:
        network: any module, also one on the meta device.
        state: the weights.
    """
    expected, found = _shapes(network.state_dict()), _shapes(state)
    reshaped = [key for key in expected if found.get(key, expected[key]) != expected[key]]
    differences = {
        "missing": [key for key in expected if key not in found],
        "not expected": [key for key in found if key not in expected],
        "of another shape": [f"{k} {found[k]}, expected {expected[k]}" for k in reshaped],
    }
    if not any(differences.values()):
        return ""
    lines = [f"  {kind}: {_listed(keys)}" for kind, keys in differences.items() if keys]
    other_classes = expected.keys() == found.keys() and all(
        key.startswith(CLASSIFIERS) for key in reshaped
    )
    hint = _classes_hint(expected, found) if other_classes else _network_hint(state)
    return "\n".join([*lines, hint])


def fitting(state: Mapping[str, Tensor]) -> Iterator[str]:
    """Names of the networks that have the keys and shapes of a state dict, the plainest first.

    A network is built when its turn comes: who wants the plainest does not wait for all.

    Args:
        state: the weights, for any number of classes.
    """
    from ..models import NETWORKS

    found = _shapes(state)
    classes_num = _classes(found) or 527
    return (name for name in NETWORKS if _published_shapes(name, classes_num) == found)


@functools.lru_cache(maxsize=64)
def _published_shapes(name: str, classes_num: int) -> Shapes:
    import torch

    from ..models import build

    with torch.device("meta"):
        return _shapes(build(name, classes_num).state_dict())


def _shapes(state: Mapping[str, Tensor]) -> Shapes:
    return {key: tuple(value.shape) for key, value in state.items()}


def _classes(shapes: Shapes) -> int | None:
    """Number of classes of a state dict, if it has one of our classifiers."""
    return next((shapes[key][0] for key in ONE_PER_CLASS if shapes.get(key)), None)


def _listed(keys: list[str]) -> str:
    more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return "; ".join(keys[:SHOWN]) + more


def _classes_hint(expected: Shapes, found: Shapes) -> str:
    n = _classes(found)
    return (
        f"it has {n} classes, expected {_classes(expected)}: build(..., classes_num={n}) makes a "
        f"network for it, or give AudioTagging the names of its {n} classes as labels=[...]"
    )


def _network_hint(state: Mapping[str, Tensor]) -> str:
    if names := list(fitting(state)):
        return f"it fits {', '.join(names)} with {_classes(_shapes(state))} classes"
    return "it fits none of the networks of this package"
