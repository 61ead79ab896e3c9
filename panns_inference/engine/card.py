"""What a file of a network says of it, beside the network itself: text by name, without torch.

The last entry is the checksum of all that stands before it in the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from .engine import Grid

WAVEFORM = "waveform"
"""Name of the input that has to be given."""

N_SEGMENTS = "n_segments"
"""Name of the input that is 0 unless statistics of a recording are given, beside it, by name."""

ZERO_POINT = "zero_point"
"""Name of an input of files in int8 that is never given."""

SEGMENTWISE = "segmentwise_"
"""What the names of outputs of segments begin with."""

CHECKSUM = "sha256"
"""Name of the last entry."""

DIGITS = 64
"""Hexadecimal digits of a checksum."""

CHUNK_BYTES = 1 << 20


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
            ValueError: if one cannot be understood.
        """
        texts = {each.name: entries[each.name] for each in fields(cls)}
        values: dict[str, Any] = {
            each.name: texts[each.name] if each.type == "str" else json.loads(texts[each.name])
            for each in fields(cls)
        }
        for name in ("labels", "mids", "interpolation"):
            values[name] = tuple(values[name])
        values["grid"] = Grid(*values["grid"])
        return cls(**values)


def sealed(model: bytes) -> bytes:
    """A file of ONNX with its checksum behind it, which is an entry like the others.

    A message of Protocol Buffers goes on where another one ended.

    Args:
        model: the file's content.
    """
    return model + _seal(hashlib.sha256(model).hexdigest())


def checksums(path: Path) -> tuple[str, str | None]:
    """The checksum of a file up to its seal, and the one that the seal holds, if there is one.

    Args:
        path: the file.

    Raises:
        OSError: if it cannot be read.
    """
    length, found = len(_seal("0" * DIGITS)), hashlib.sha256()
    with path.open("rb") as file:
        left = max(0, path.stat().st_size - length)
        while left and (chunk := file.read(min(left, CHUNK_BYTES))):
            found.update(chunk)
            left -= len(chunk)
        end = file.read()
    held = end[-DIGITS:].decode("ascii", "replace")
    return found.hexdigest(), held if end == _seal(held) else None


def _seal(digest: str) -> bytes:
    """Entry of `metadata_props`, which is field 14 of a model: key and value are fields 1 and 2."""
    key, value = CHECKSUM.encode(), digest.encode()
    entry = b"\x0a" + bytes([len(key)]) + key + b"\x12" + bytes([len(value)]) + value
    return b"\x72" + bytes([len(entry)]) + entry
