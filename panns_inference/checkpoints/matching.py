"""Matching state dicts with networks, by their keys and shapes."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from ..registry import NETWORKS
from ..terminal import printable
from .unwrapping import PREFIXES

if TYPE_CHECKING:
    from torch import Tensor, nn

Shapes = dict[str, tuple[int, ...]]

SHOWN = 6
"""Keys that a message lists of each kind."""

CLASSES = 527
"""Classes of the published networks."""

CLASSIFIERS = ("fc_audioset.", "framewise_head.4.", "att_block.", "classifier.5.")
"""Layers whose shape follows from the number of classes."""

ONE_PER_CLASS = ("fc_audioset.bias", "att_block.cla.bias", "classifier.5.bias")
"""Entries of which a state dict holds one, with a value for each class."""


def mismatch(network: nn.Module, state: Mapping[str, Tensor]) -> list[str]:
    """Return why a state dict does not fit a network: lines of text, none if it fits.

    Args:
        network: any module, also one on the meta device.
        state: the weights.
    """
    own = network.state_dict()
    expected, found = _shapes(own), _shapes(state)
    reshaped = [key for key in expected if found.get(key, expected[key]) != expected[key]]
    retyped = [key for key in own if key in state and not _is_convertible(state[key], own[key])]
    differences = {
        "missing": [key for key in expected if key not in found],
        "not expected": [key for key in found if key not in expected],
        "of another shape": [f"{k} {found[k]}, expected {expected[k]}" for k in reshaped],
        "of another type": [f"{k} {state[k].dtype}, expected {own[k].dtype}" for k in retyped],
    }
    if not any(differences.values()):
        return []
    lines = [f"  {kind}: {_joined(keys)}" for kind, keys in differences.items() if keys]
    if retyped and not reshaped and expected.keys() == found.keys():
        return lines
    n = _classes(found)
    other_classes = n is not None and _for_classes(found, _classes(expected)) == expected
    hint = _classes_hint(expected, found) if other_classes else _network_hint(state)
    return [*lines, hint]


def not_finite(entries: Iterable[tuple[str, Tensor]]) -> str:
    """Return which weights are NaN or infinite: a clause, empty if all are finite.

    Args:
        entries: keys and weights, (outputs, ...) each; they are taken one by one.
    """
    bad = [(key, n, value.numel()) for key, value in entries if (n := _n_not_finite(value))]
    keys = [f"{key} ({n:,} of {size:,} values)" for key, n, size in bad]
    return f"holds values that are NaN or infinite in {_joined(keys)}" if keys else ""


def _n_not_finite(value: Tensor) -> int:
    if not value.is_floating_point():
        return 0
    if value.itemsize == 1:  # torch has no sums of such numbers
        value = value.float()
    # The sum is not finite if a value is not; it is three times as fast as to look at each.
    return 0 if value.sum().isfinite() else int((~value.isfinite()).sum())


def completed(network: nn.Module, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return weights, with what follows from a network's settings if just that is left out.

    Args:
        network: any module.
        state: the weights.
    """
    from ..models import Network

    missing = network.state_dict().keys() - state.keys()
    if not missing or not isinstance(network, Network):
        return state
    computed = network.computed_state()
    return {**computed, **state} if missing == computed.keys() else state


def matching_networks(state: Mapping[str, Tensor]) -> Iterator[str]:
    """Return the names of the networks that a state dict matches, the plainest first.

    Each is built when its turn comes, and only if it is as large as those before it that match.

    Args:
        state: the weights, for any number of classes.
    """
    found, size = _for_classes(_shapes(state), CLASSES), None
    for name, entry in NETWORKS.items():
        if size in (None, entry.parameters) and _published_shapes(name) == found:
            size = entry.parameters
            yield name


def on_meta(name: str) -> nn.Module:
    """Return a network with its published settings, without memory for its weights.

    Args:
        name: of the network.
    """
    import torch

    from ..models import build

    with torch.device("meta"):
        return build(name, CLASSES)


@functools.lru_cache(maxsize=64)
def _published_shapes(name: str) -> Shapes:
    return _shapes(on_meta(name).state_dict())


def _shapes(state: Mapping[str, Tensor]) -> Shapes:
    return {key: tuple(value.shape) for key, value in state.items()}


def _is_convertible(found: Tensor, expected: Tensor) -> bool:
    """Return whether values keep their meaning: no quantised weights, no complex numbers."""
    if expected.is_floating_point():
        return found.is_floating_point()
    return expected.is_complex() or not found.is_complex()


def n_classes(state: Mapping[str, Tensor]) -> int | None:
    """Return the number of classes of a state dict; None if it has none of our classifiers.

    Args:
        state: the weights.
    """
    return _classes(_shapes(state))


def head_keys(state: Mapping[str, Tensor]) -> list[str]:
    """Return the keys of what has a row for each class.

    Args:
        state: the weights.
    """
    n = n_classes(state)
    return [k for k, v in state.items() if k.startswith(CLASSIFIERS) and v.shape[:1] == (n,)]


def _for_classes(shapes: Shapes, classes_num: int | None) -> Shapes:
    """Return the shapes for another number of classes."""
    n = _classes(shapes)
    return {
        key: (classes_num or 0, *shape[1:])
        if key.startswith(CLASSIFIERS) and shape[:1] == (n,)
        else shape
        for key, shape in shapes.items()
    }


def _classes(shapes: Shapes) -> int | None:
    """Return the number of classes of a state dict, if it has one of our classifiers."""
    return next((shapes[key][0] for key in ONE_PER_CLASS if shapes.get(key)), None)


def _joined(keys: list[str]) -> str:
    more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return "; ".join(map(printable, keys[:SHOWN])) + more


def _classes_hint(expected: Shapes, found: Shapes) -> str:
    n = _classes(found)
    return (
        f"it has {n} classes, expected {_classes(expected)}: build(..., classes_num={n}) makes a "
        f"network for it, or give AudioTagging the names of its {n} classes as labels=[...]"
    )


def _network_hint(state: Mapping[str, Tensor]) -> str:
    if names := list(matching_networks(state)):
        return f"it fits {', '.join(names)} with {_classes(_shapes(state))} classes"
    return f"it fits none of the networks of this package{prefix_hint(state)}"


def prefix_hint(state: Mapping[str, Tensor]) -> str:
    """Return which keys keep a prefix of all others from being taken off; nothing if none do.

    Args:
        state: the weights.
    """
    for prefix in PREFIXES:
        others = [key for key in state if not key.startswith(prefix)]
        if 0 < len(others) < len(state) / 2:
            return (
                f"; most keys begin with {prefix!r}, but not {_joined(others)}: save the state "
                "dict of the network alone"
            )
    return ""
