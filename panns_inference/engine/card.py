"""What a file of a network says of it, beside the network itself: text by name, without torch.

The last entry is the checksum of all that stands before it in the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from .claims import check
from .engine import Grid

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


@dataclass(frozen=True)
class Card:
    """All that is to be known of a network, to use it without its class.

    Attributes:
        panns_inference: version of the package that wrote the file.
        name: of the network.
        labels: display names of its classes.
        mids: identifiers of the classes, if they are AudioSet's.
        sample_rate: of its waveforms in Hz.
        hop_size: samples from a frame to the next.
        minimum_samples: what a shorter waveform is padded to, which is done by the file.
        sizes: each output and the length of its rows.
        statistics: name to the segmentwise value that it is taken of.
        interpolation: frames of a segment, and whether straight lines lead from one to the next.
        grid: stride, and segments of the halo on the left and on the right.
        seconds_at_once: seconds of short clips that do best to be heard together.
        weights: checksum of the network that was written.
        source: file of the weights, with its checksum; '' if they came from none.
        licence: of the weights.
        precision: 'float32' or 'int8'.
        calibration: what the ranges of int8 were measured on.
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
    seconds_at_once: float
    weights: str
    source: str
    licence: str
    precision: str = "float32"
    calibration: str = ""

    def entries(self) -> dict[str, str]:
        """The attributes as text: what is no text, as JSON."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: v if isinstance(v, str) else json.dumps(v) for name, v in values.items()}

    @classmethod
    def of(cls, entries: Mapping[str, str]) -> Card:
        """The card that entries are of.

        Args:
            entries: those of a file; more than these do not matter.

        Raises:
            KeyError: if one is missing.
            ValueError: if one cannot be understood, or cannot be true.
        """
        texts = {each.name: entries[each.name] for each in fields(cls)}
        values: dict[str, Any] = {
            each.name: texts[each.name] if each.type == "str" else _json(each.name, texts)
            for each in fields(cls)
        }
        check(values)
        for name in ("labels", "mids", "interpolation"):
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


def sealed(model: bytes) -> bytes:
    """A file of ONNX with its checksum behind it, which is an entry like the others.

    A message of Protocol Buffers goes on where another one ended.

    Args:
        model: the file's content.
    """
    return model + seal(hashlib.sha256(model).hexdigest())


def seal(digest: str) -> bytes:
    """Entry of `metadata_props`, which is field 14 of a model: key and value are fields 1 and 2.

    Args:
        digest: the checksum, 64 hexadecimal digits.
    """
    key, value = CHECKSUM.encode(), digest.encode()
    entry = b"\x0a" + bytes([len(key)]) + key + b"\x12" + bytes([len(value)]) + value
    return b"\x72" + bytes([len(entry)]) + entry
