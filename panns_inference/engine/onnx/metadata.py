"""The metadata in a file of a network: text by name, without torch.

The last entry is the checksum of all that stands before it in the file.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from ...registry import METHODS, NETWORKS
from ..contract import Grid

WAVEFORM = "waveform"
"""Name of the input that has to be given."""

N_SEGMENTS = "n_segments"
"""Name of the value that is the number of segments of which the statistics are."""

ZERO_POINT = "zero_point"
"""Name of a constant of files in int8 that may be made an input, which is never given."""

SEGMENTWISE = "segmentwise_"
"""What the names of outputs of segments begin with."""

CHECKSUM = "sha256"
"""Name of the last entry."""

DIGITS = 64
"""Hexadecimal digits of a checksum."""


OUTPUTS = ("clipwise_output", "framewise_output", "embedding")
"""Names of what networks give."""

PRECISIONS = ("float32", "int8")

MOST = 10_000_000
"""The largest number of anything: samples, classes, Hz. None of a real network comes near."""

MOST_SECONDS = 3600.0

WITHOUT_WINDOW = {name for name, entry in NETWORKS.items() if entry.module != "efficientat"}
"""Networks of which files are read that were written before there was an entry `window`."""

Check = Callable[[Any], bool]


@dataclass(frozen=True)
class Metadata:
    """All that is to be known of a network, to use it without its class.

    Attributes:
        panns_inference: version of the package that wrote the file.
        name: of the network.
        labels: display names of its classes.
        mids: identifiers of the classes, if they have some.
        sample_rate: of its waveforms in Hz.
        hop_size: samples from a frame to the next.
        minimum_samples: what a shorter waveform is padded to, which is done by the file.
        sizes: each output and the length of its rows.
        statistics: name to the segmentwise value that it is taken of.
        interpolation: frames of a segment, and whether straight lines lead from one to the next.
        grid: stride, and segments of the halo on the left and on the right.
        window: samples that it is given at once, if its outputs depend on all of a clip; else 0.
        seconds_at_once: seconds of short clips in a batch.
        weights: checksum of the network that was written.
        source: file of the weights, with its checksum; '' if they came from none.
        licence: of the weights.
        precision: 'float32' or 'int8'.
        calibration: what the ranges of int8 were measured on.
        thresholds: of each class, what `detect` takes for an event; none if that is the usual one.
        method: by which `detect` finds events; '' if that is the usual one.
    """

    panns_inference: str
    name: str
    labels: tuple[str, ...]
    mids: tuple[str, ...]
    sample_rate: int
    hop_size: int
    minimum_samples: int
    sizes: dict[str, int]
    statistics: dict[str, str]
    interpolation: tuple[int, bool]
    grid: Grid
    window: int
    seconds_at_once: float
    weights: str
    source: str
    licence: str
    precision: str = "float32"
    calibration: str = ""
    thresholds: tuple[float, ...] = ()
    method: str = ""

    def entries(self) -> dict[str, str]:
        """The attributes as text: what is no text, as JSON."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: v if isinstance(v, str) else json.dumps(v) for name, v in values.items()}

    @classmethod
    def of(cls, entries: Mapping[str, str]) -> Metadata:
        """Return the metadata that entries are of.

        Args:
            entries: those of a file; more than these do not matter. `window` may be missing
                where the network is known to have none, and `thresholds` and `method`.

        Raises:
            KeyError: if one is missing.
            ValueError: if one cannot be understood, or cannot be true.
        """
        entries = {"thresholds": "[]", "method": "", **entries}
        if entries.get("name") in WITHOUT_WINDOW:
            entries = {"window": "0", **entries}
        texts = {each.name: entries[each.name] for each in fields(cls)}
        values: dict[str, Any] = {
            each.name: texts[each.name] if each.type == "str" else _json(each.name, texts)
            for each in fields(cls)
        }
        check(values)
        for name in ("labels", "mids", "interpolation", "thresholds"):
            values[name] = tuple(values[name])
        values["grid"] = Grid(*values["grid"])
        return cls(**values)


def _json(name: str, texts: Mapping[str, str]) -> Any:
    """What the text of an attribute stands for."""
    try:
        return json.loads(texts[name], object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:  # the second for lists in lists in lists
        raise ValueError(f"{name} is no JSON: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("a name stands twice in it")
    return found


def with_checksum(model: bytes) -> bytes:
    """A file of ONNX with its checksum behind it, which is an entry like the others.

    A message of Protocol Buffers goes on where another one ended.

    Args:
        model: bytes of the file.
    """
    return model + checksum_entry(hashlib.sha256(model).hexdigest())


def checksum_entry(digest: str) -> bytes:
    """Entry of `metadata_props`, which is field 14 of a model: key and value are fields 1 and 2.

    Args:
        digest: the checksum, 64 hexadecimal digits.
    """
    key, value = CHECKSUM.encode(), digest.encode()
    entry = b"\x0a" + bytes([len(key)]) + key + b"\x12" + bytes([len(value)]) + value
    return b"\x72" + bytes([len(entry)]) + entry


def check(metadata: Mapping[str, Any]) -> None:
    """Refuse metadata that cannot be true.

    Args:
        metadata: its values by name, as they were read.

    Raises:
        ValueError: naming the value, and what was expected.
    """
    for name, (is_possible, expected) in CHECKS.items():
        if not is_possible(metadata[name]):
            raise ValueError(f"{name} is {_shown(metadata[name])}, expected {expected}")
    n_labels = len(metadata["labels"])
    for name, size in metadata["sizes"].items():
        if name != "embedding" and size != n_labels:
            raise ValueError(f"{name} has {size} classes, but there are {n_labels} labels")
    for name in ("mids", "thresholds"):
        if len(metadata[name]) not in (0, n_labels):
            raise ValueError(f"there are {len(metadata[name])} {name}, but {n_labels} labels")
    n_frames = (
        metadata["grid"][0] // metadata["hop_size"]
        if "framewise_output" in metadata["sizes"]
        else 0
    )
    if (found := metadata["interpolation"][0]) != n_frames:
        raise ValueError(f"interpolation has {found} frames in a segment, expected {n_frames}")


def _number(low: int, high: int = MOST) -> tuple[Check, str]:
    return (lambda value: _is_number(value, low, high)), f"a whole number from {low} to {high}"


def _is_number(value: Any, low: int, high: int = MOST) -> bool:
    return type(value) is int and low <= value <= high


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _are_thresholds(value: Any) -> bool:
    return isinstance(value, list) and all(
        type(each) in (int, float) and 0 < each <= 1 for each in value
    )


def _are_sizes(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and {"clipwise_output"} <= value.keys() <= {*OUTPUTS}
        and all(_is_number(size, 1) for size in value.values())
    )


def _are_statistics(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and 0 < len(value) <= len(OUTPUTS)
        and all(isinstance(of, str) and name.isidentifier() for name, of in value.items())
    )


def _is_interpolation(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and _is_number(value[0], 0)
        and isinstance(value[1], bool)
    )


def _is_grid(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 3
        and all(_is_number(each, low) for each, low in zip(value, (1, 0, 0), strict=True))
        and value[0] * (value[1] + value[2]) <= MOST
    )


def _is_time(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and 0 <= value <= MOST_SECONDS


CHECKS: dict[str, tuple[Check, str]] = {
    "name": (bool, "the name of the network"),
    "labels": (lambda value: _are_texts(value) and bool(value), "the names of the classes"),
    "mids": (_are_texts, "identifiers of the classes, or an empty list"),
    "sample_rate": _number(1),
    "hop_size": _number(1),
    "minimum_samples": _number(1),
    "sizes": (_are_sizes, "the lengths of clipwise_output and other outputs"),
    "statistics": (_are_statistics, "names of statistics, and of what they are taken of"),
    "interpolation": (_is_interpolation, "frames of a segment, and true or false"),
    "window": _number(0),
    "grid": (_is_grid, "samples of a segment, and segments of the halo on either side"),
    "seconds_at_once": (_is_time, f"seconds from 0 to {MOST_SECONDS:.0f}"),
    "thresholds": (_are_thresholds, "numbers above 0 and at most 1"),
    "method": (("", *METHODS).__contains__, " or ".join(METHODS)),
    "precision": (PRECISIONS.__contains__, " or ".join(PRECISIONS)),
}
"""Entry to the check of its value, and to what is expected of it."""


def _shown(value: Any) -> str:
    """Some of a value, in one line."""
    try:
        text = ascii(value)
    except RecursionError:
        text = "lists in lists"
    return text if len(text) <= 80 else f"{text[:80]}..."
