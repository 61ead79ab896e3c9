"""The wire format of Protocol Buffers, in which a file of ONNX is written.

A message is a sequence of fields: a number and a kind, then an integer, a number of four or eight
bytes, or a length and as many bytes, which may be a message again.
"""

from __future__ import annotations

from collections.abc import Iterator

INTEGER, EIGHT_BYTES, BYTES, FOUR_BYTES = 0, 1, 2, 5
"""Kinds of fields; the others are long deprecated."""

FIXED = {EIGHT_BYTES: 8, FOUR_BYTES: 4}

Value = int | memoryview
"""An integer, or bytes, which are not copied."""

Field = tuple[int, int, Value]
"""Number, kind, and value."""


def fields(message: memoryview) -> Iterator[Field]:
    """The fields of a message, in their order.

    Args:
        message: its bytes.

    Raises:
        ValueError: if it is none.
    """
    place = 0
    while place < len(message):
        key, place = _integer(message, place)
        number, kind = key >> 3, key & 7
        if kind == INTEGER:
            value, place = _integer(message, place)
            yield number, kind, value
            continue
        length = FIXED.get(kind)
        if kind == BYTES:
            length, place = _integer(message, place)
        if length is None or length > len(message) - place:
            raise ValueError("it is no message of Protocol Buffers, or was cut")
        yield number, kind, message[place : place + length]
        place += length


def values(message: memoryview, number: int) -> Iterator[memoryview]:
    """The bytes of all fields of a number.

    Args:
        message: holds them.
        number: of the fields.
    """
    return (v for n, _, v in fields(message) if n == number and isinstance(v, memoryview))


def texts(message: memoryview, number: int) -> list[str]:
    """The texts of all fields of a number.

    Args:
        message: holds them.
        number: of the fields.

    Raises:
        ValueError: if one is no text.
    """
    return [bytes(value).decode("utf-8") for value in values(message, number)]


def text(message: memoryview, number: int) -> str:
    """The text of a field: the last of several, and '' if there is none.

    Args:
        message: holds it.
        number: of the field.

    Raises:
        ValueError: if it is no text.
    """
    return ["", *texts(message, number)][-1]


def field(number: int, value: int | bytes) -> bytes:
    """A field of a message.

    Args:
        number: of the field.
        value: an integer of 0 or more; or bytes, or the bytes of a message.
    """
    if isinstance(value, int):
        return _written(number << 3 | INTEGER) + _written(value)
    return _written(number << 3 | BYTES) + _written(len(value)) + value


def _integer(message: memoryview, place: int) -> tuple[int, int]:
    """The integer that stands at a place, seven bits in a byte, and the place behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(message):
            break
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return value, place
    raise ValueError("it is no message of Protocol Buffers, or was cut")


def _written(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
