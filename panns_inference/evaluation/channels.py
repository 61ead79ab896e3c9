"""Channels and sound tracks of a recording, which are recordings of their own if it has several.

`street.flac` becomes `street.channel1.flac` and `street.channel2.flac`, as files of
`panns detect --split` are called.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

from ..origin import key_of

V = TypeVar("V")

Place = tuple[str, int | None, int | None]
"""A recording, and the numbers of its track and its channel, from 1, if they were chosen."""

_CHOSEN = re.compile(r"(\.track\d+)?(\.channel\d+)?$")


def by_name(places: Mapping[Place, V]) -> dict[str, V]:
    """Return the same by recording; several tracks or channels of one have names of their own.

    Args:
        places: anything by recording, track and channel.
    """
    n_places = Counter(source for source, _, _ in places)
    return {
        place[0] if n_places[place[0]] == 1 else _name(*place): value
        for place, value in places.items()
    }


def whole(name: str) -> str:
    """Return the name of the recording that a channel or track is of.

    Args:
        name: without ending.
    """
    return _CHOSEN.sub("", name)


def _name(source: str, track: int | None, channel: int | None) -> str:
    root, ending = os.path.splitext(source)
    return key_of(root, track, channel) + ending
