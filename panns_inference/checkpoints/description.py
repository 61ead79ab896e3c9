"""What a checkpoint says of its network, beside the weights: plain values under the key `panns`.

    {"model": state dict, "panns": {"format": 1, "network": "Cnn14", "labels": ["dog", "cat"], ...}}

`torch.load(path, weights_only=True)` reads such a file, and so does the way of the reference,
`model.load_state_dict(torch.load(path)["model"])`. In a file of safetensors, the entry is JSON.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ..arguments import NetworkSettings
from ..errors import CheckpointError
from ..registry import METHODS, NETWORKS
from ..terminal import printable

KEY = "panns"
"""Where it stands in a file."""

FORMAT = 1
"""The only one so far."""

ACTIVATIONS = ("sigmoid", "softmax")

SETTINGS = tuple(NetworkSettings.__annotations__)
"""Names of settings that a network may have."""

MOST_HZ = 10_000_000
"""The largest of any setting."""

MOST_WIDTH = 100_000
"""The largest of a hidden layer."""

Check = Callable[[Any], bool]


@dataclass(frozen=True)
class Description:
    """What is to be known of a network, to use its weights without other files.

    Attributes:
        network: its name.
        labels: display names of its classes.
        mids: an identifier of each class; empty if there are none.
        thresholds: of each class, the probability from which on `detect` finds an event; empty if
            that is the usual one.
        method: by which `detect` finds events; empty if that is the usual one.
        settings: those that are not the published ones, as `models.build` takes them.
        activation: what makes probabilities of the last layer: 'sigmoid', or 'softmax' where one
            of the classes sounds at a time.
        hidden: widths of dense layers between the embedding and the last layer; empty if there are
            none.
    """

    network: str
    labels: tuple[str, ...]
    mids: tuple[str, ...] = ()
    thresholds: tuple[float, ...] = ()
    method: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    activation: str = "sigmoid"
    hidden: tuple[int, ...] = ()

    def entry(self) -> dict[str, Any]:
        """The attributes as plain values, without what is empty."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        plain = {name: _plain(value) for name, value in values.items() if value}
        return {"format": FORMAT, **plain}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def described(loaded: Any, path: Path) -> Description | None:
    """Return what a file says of its network; None if it says nothing.

    Args:
        loaded: what the file holds.
        path: the file.

    Raises:
        CheckpointError: if what it says cannot be true, or contradicts itself.
    """
    if not isinstance(loaded, Mapping) or KEY not in loaded:
        return None
    if problem := _problem(loaded[KEY]):
        raise CheckpointError(
            f"{path} says of its network what cannot be: {problem}; write it anew with "
            "panns_inference.checkpoints.save"
        )
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in loaded[KEY].items()
        if name != "format"
    }
    return Description(**values)


def _problem(entry: Any) -> str:
    """Return what is wrong with an entry, as a clause; nothing if it may be true."""
    if not isinstance(entry, Mapping):
        return f"{KEY} is a {type(entry).__name__}, expected names and values"
    if (found := entry.get("format")) != FORMAT:
        return f"its format is {_shown(found)}, expected {FORMAT}"
    known = {"format", *CHECKS}
    if missing := {"network", "labels"} - entry.keys():
        return f"{' and '.join(sorted(missing))} are missing"
    if strange := [name for name in entry if name not in known]:
        return f"{_shown(strange[0])} is none of {', '.join(sorted(known))}"
    for name, (is_possible, expected) in CHECKS.items():
        if name in entry and not is_possible(entry[name]):
            return f"{name} is {_shown(entry[name])}, expected {expected}"
    n_labels = len(entry["labels"])
    for name in ("mids", "thresholds"):
        if name in entry and len(entry[name]) not in (0, n_labels):
            return f"there are {len(entry[name])} {name}, but {n_labels} labels"
    softmax = entry.get("activation") == "softmax"
    if softmax and "framewise_output" in NETWORKS[entry["network"]].output_names:
        return f"{entry['network']} decides for each segment, and has no softmax over a clip"
    if entry.get("hidden") and "embedding" not in NETWORKS[entry["network"]].output_names:
        return f"{entry['network']} has no embedding, and so no hidden layers behind it"
    return ""


def _is_list_of(is_possible: Check) -> Check:
    return lambda value: isinstance(value, list | tuple) and all(map(is_possible, value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_number(value: Any, most: float) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and 0 <= value <= most


def _is_width(value: Any) -> bool:
    return type(value) is int and 0 < value <= MOST_WIDTH


def _is_threshold(value: Any) -> bool:
    return _is_number(value, 1) and value > 0


def _are_settings(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        name in SETTINGS
        and (_is_text(each) if name == "interpolate_mode" else _is_number(each, MOST_HZ))
        for name, each in value.items()
    )


CHECKS: dict[str, tuple[Check, str]] = {
    "network": (
        lambda value: isinstance(value, str) and value in NETWORKS,
        "one of `panns models`",
    ),
    "labels": (lambda value: bool(value) and _is_list_of(_is_text)(value), "names of the classes"),
    "mids": (_is_list_of(lambda value: isinstance(value, str)), "identifiers of the classes"),
    "thresholds": (_is_list_of(_is_threshold), "numbers above 0 and at most 1"),
    "method": (lambda value: value in ("", *METHODS), " or ".join(METHODS)),
    "settings": (_are_settings, f"values of {', '.join(SETTINGS)}"),
    "hidden": (_is_list_of(_is_width), "numbers of outputs of each layer"),
    "activation": (lambda value: value in ACTIVATIONS, " or ".join(ACTIVATIONS)),
}
"""Name of a value to its check, and to what is expected of it."""


def _shown(value: Any) -> str:
    """Some of a value, in one line."""
    return printable(reprlib.repr(value))
