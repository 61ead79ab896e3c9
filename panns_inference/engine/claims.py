"""What a card may say of a network: anything else would be a lie, or the card of no network."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

OUTPUTS = ("clipwise_output", "framewise_output", "embedding")
"""Names of what networks give."""

PRECISIONS = ("float32", "int8")

MOST = 10_000_000
"""The largest number of anything: samples, classes, Hz. None of a real network comes near."""

MOST_SECONDS = 3600.0

Claim = Callable[[Any], bool]


def check(card: Mapping[str, Any]) -> None:
    """Refuse a card that cannot be true.

    Args:
        card: its values by name, as they were read.

    Raises:
        ValueError: naming the value, and what was expected.
    """
    for name, (is_possible, expected) in CLAIMS.items():
        if not is_possible(card[name]):
            raise ValueError(f"{name} is {_shown(card[name])}, expected {expected}")
    n_labels = len(card["labels"])
    for name, size in card["sizes"].items():
        if name != "embedding" and size != n_labels:
            raise ValueError(f"{name} has {size} classes, but there are {n_labels} labels")
    if len(card["mids"]) not in (0, n_labels):
        raise ValueError(f"there are {len(card['mids'])} mids, but {n_labels} labels")
    n_frames = card["grid"][0] // card["hop_size"] if "framewise_output" in card["sizes"] else 0
    if (found := card["interpolation"][0]) != n_frames:
        raise ValueError(f"interpolation has {found} frames in a segment, expected {n_frames}")


def _number(low: int, high: int = MOST) -> tuple[Claim, str]:
    return (lambda value: _is_number(value, low, high)), f"a whole number from {low} to {high}"


def _is_number(value: Any, low: int, high: int = MOST) -> bool:
    return type(value) is int and low <= value <= high


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


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


CLAIMS: dict[str, tuple[Claim, str]] = {
    "name": (bool, "the name of the network"),
    "labels": (lambda value: _are_texts(value) and bool(value), "the names of the classes"),
    "mids": (_are_texts, "identifiers of the classes, or an empty list"),
    "sample_rate": _number(1),
    "hop_size": _number(1),
    "minimum_samples": _number(1),
    "sizes": (_are_sizes, "the lengths of clipwise_output and other outputs"),
    "statistics": (_are_statistics, "names of statistics, and of what they are taken of"),
    "interpolation": (_is_interpolation, "frames of a segment, and true or false"),
    "grid": (_is_grid, "samples of a segment, and segments of the halo on either side"),
    "seconds_at_once": (_is_time, f"seconds from 0 to {MOST_SECONDS:.0f}"),
    "precision": (PRECISIONS.__contains__, " or ".join(PRECISIONS)),
}
"""Value of a card to what it must fulfil, and how that is said."""


def _shown(value: Any) -> str:
    """Some of a value, in one line."""
    try:
        text = ascii(value)
    except RecursionError:
        text = "lists in lists"
    return text if len(text) <= 80 else f"{text[:80]}..."
