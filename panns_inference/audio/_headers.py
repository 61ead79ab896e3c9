"""Claims of formats that have no chunks, each at a place of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import prod
from operator import itemgetter

from ._claims import Claim, Number, Order
from ._section import Section

_ASF_SEARCHED = 1 << 12
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_NIST_SIZE = 1024
_MAT4_WIDTHS = (8, 4, 4, 2, 2, 1)  # bytes of a value, by the third digit of its type
_MAT4_FIRST = 39  # bytes of the matrix with the sample rate
_MAT5_FIRST = 128  # where that matrix begins
_MAT5_HEAD = 64  # bytes of a matrix before its values, whose size ends them


def claim(file: Section) -> Claim | None:
    """What the header claims; None if it is of no format that is known here."""
    for at, magic, read in _FORMATS:
        if file.peek(at, len(magic)) == magic:
            return read(file)
    return None


def _number(file: Section, at: int, width: int, order: Order) -> int:
    return int.from_bytes(file.peek(at, width), order)


def _au(file: Section) -> Claim:
    size = Number(8, 4, "big")
    start, n_bytes = _number(file, 4, 4, "big"), size.read(file)
    unknown = size.limit - 1  # by the rules of the format, and also where it is longer than that
    return Claim(
        start,
        n_bytes,
        was_filled=False,
        number=None if n_bytes == unknown else size,
        is_last=True,
        to_the_end=((size.at, size.written(unknown)),),
        is_bound=True,
    )


def _asf(file: Section) -> Claim | None:
    at = file.peek(0, _ASF_SEARCHED).find(_ASF_PROPERTIES)
    size = Number(at + 40, 8, "little")  # of the whole file
    return Claim(0, _number(file, size.at, 8, "little"), number=size) if at >= 0 else None


def _avr(file: Section) -> Claim:
    n_channels = 2 if _number(file, 12, 2, "big") else 1
    n_bits, n_samples = _number(file, 14, 2, "big"), _number(file, 26, 4, "big")
    return Claim(128, n_samples * n_channels * n_bits // 8)


def _mpc2k(file: Section) -> Claim:
    n_channels = 2 if _number(file, 21, 1, "little") else 1
    return Claim(42, 2 * n_channels * _number(file, 30, 4, "little"))


def _wve(file: Section) -> Claim:
    return Claim(32, _number(file, 18, 4, "big"))


def _nist(file: Section) -> Claim | None:
    """The header is text; no claim can be compared if the samples are compressed."""
    found = dict(re.findall(rb"(\w+) -\w+ (\S+)", file.peek(0, _NIST_SIZE)))
    numbers = itemgetter(b"sample_count", b"sample_n_bytes", b"channel_count")
    try:
        n_bytes = prod(map(int, numbers(found)))
    except (KeyError, ValueError):
        return None
    return None if b"," in found.get(b"sample_coding", b"") else Claim(_NIST_SIZE, n_bytes)


def _mat4(file: Section) -> Claim | None:
    """Two matrices: the sample rate, then the samples."""
    order: Order = "little" if file.peek(0, 4) == bytes(4) else "big"
    kind, n_rows, n_columns, _, n_name = (
        _number(file, _MAT4_FIRST + at, 4, order) for at in range(0, 20, 4)
    )
    digit = kind // 10 % 10
    if digit >= len(_MAT4_WIDTHS):
        return None
    return Claim(_MAT4_FIRST + 20 + n_name, n_rows * n_columns * _MAT4_WIDTHS[digit])


def _mat5(file: Section) -> Claim:
    """Two matrices: the sample rate, then the samples."""
    order: Order = "little" if file.peek(126, 2) == b"IM" else "big"
    second = _MAT5_FIRST + 8 + _number(file, _MAT5_FIRST + 4, 4, order)
    start = second + _MAT5_HEAD
    return Claim(start, _number(file, start - 4, 4, order))


_FORMATS: tuple[tuple[int, bytes, Callable[[Section], Claim | None]], ...] = (
    (0, b".snd", _au),
    (0, b"\x30\x26\xb2\x75", _asf),
    (0, b"2BIT", _avr),
    (0, b"\x01\x04", _mpc2k),
    (0, b"ALawSoundFile**\0", _wve),
    (0, b"NIST_1A\n   1024\n", _nist),
    (20, b"samplerate\0", _mat4),
    (0, b"MATLAB 5.0 MAT-file", _mat5),
)
"""Where a format is known by which bytes, and what reads its claim."""
