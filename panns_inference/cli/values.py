"""What a value on the command line means: numbers, probabilities, channels.

Numbers may have a decimal comma, as they are written in half of the world.
"""

from __future__ import annotations

import argparse
import math
import re

_IN_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+")
"""What may be a number with a decimal comma or one with commas between its thousands."""


def decimal(text: str) -> float:
    """Return a number, with a point or a comma.

    Args:
        text: what the user wrote.
    """
    if _IN_THOUSANDS.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} may be {text.replace(',', '.', 1)} or {text.replace(',', '')}: write which"
        )
    try:
        number = float(text.replace(",", ".") if "." not in text else text)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise argparse.ArgumentTypeError(f"{text!r} is no number: give one such as 0.5")
    return number


def whole(text: str) -> int:
    """Return a whole number.

    Args:
        text: what the user wrote.
    """
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None


def count(text: str) -> int:
    """Return a number of things, 0 or more.

    Args:
        text: what the user wrote.
    """
    if (number := whole(text)) < 0:
        raise argparse.ArgumentTypeError(f"{text} is less than none")
    return number


def positive(text: str) -> int:
    """Return a number of things, 1 or more.

    Args:
        text: what the user wrote.
    """
    if (number := whole(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than one")
    return number


def probability(text: str) -> float:
    """Return a probability, 0 to 1, or 0% to 100%.

    Args:
        text: what the user wrote.
    """
    number = decimal(text.removesuffix("%"))
    if text.endswith("%"):
        number /= 100
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no probability: give 0 to 1")
    return number


def track(text: str) -> int | str:
    """Return the number of a sound track, from 1, or `all`.

    Args:
        text: what the user wrote.
    """
    return text if text == "all" else _numbered(text, "sound track", "all")


def channel(text: str) -> int | str:
    """Return a channel: its name, its number from 1, `each`, or `mix`.

    Args:
        text: what the user wrote.
    """
    names = ("mix", "left", "right", "each")
    return text if text in names else _numbered(text, "channel", ", ".join(names))


def _numbered(text: str, kind: str, names: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no {kind}: give {names} or a number from 1")
    return int(text)
