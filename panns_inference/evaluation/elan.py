"""Annotations of ELAN (EAF).

An annotation is an event. Its label is its value, or where that is empty the name of its tier: some
have a tier for each class, others one tier for each person who annotated. Tiers without times of
their own (remarks on, or translations of, what another tier holds) are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError, fromstring

import numpy as np

from .found import Found, event_of

UNITS = "milliseconds"

Slots = Mapping[str, int | None]
"""Identifiers to milliseconds, in the order of time; None lies between its neighbours."""


def of_elan(text: str, name: str) -> Iterator[Found]:
    """Yield the annotations of a document.

    Args:
        text: XML.
        name: of the recording, if the document names no medium.

    Raises:
        ValueError: if it is no document of ELAN.
    """
    try:
        document = fromstring(text)
    except ParseError as error:
        raise ValueError(f"it is broken XML ({error})") from error
    if document.tag != "ANNOTATION_DOCUMENT":
        raise ValueError(f"it is XML of another kind ({document.tag})")
    header = document.find("HEADER")
    units = UNITS if header is None else header.get("TIME_UNITS", UNITS)
    if units != UNITS:
        raise ValueError(f"its times are {units}, not {UNITS}")
    media = document.find("HEADER/MEDIA_DESCRIPTOR")
    source = name if media is None else _path(media.get("MEDIA_URL", "")) or name
    # What a medium has before the beginning that it shares with others.
    skipped = 0 if media is None else int(media.get("TIME_ORIGIN", 0))
    yield Found(source, None)
    slots = {
        slot.attrib["TIME_SLOT_ID"]: int(time) if (time := slot.get("TIME_VALUE")) else None
        for slot in document.iterfind("TIME_ORDER/TIME_SLOT")
    }
    for tier in document.iterfind("TIER"):
        times = _times(tier, slots)
        for annotation in tier.iterfind("ANNOTATION/ALIGNABLE_ANNOTATION"):
            onset, offset = ((times[end] + skipped) / 1000 for end in _ends(annotation))
            label = (annotation.findtext("ANNOTATION_VALUE") or "").strip()
            yield Found(source, event_of(onset, offset, label or tier.attrib["TIER_ID"]))


def _path(url: str) -> str:
    """The path in `file:///C:/rec/a.wav` or `file:///rec/a.wav`."""
    path = unquote(url.removeprefix("file://"))
    return path.removeprefix("/") if path[2:3] == ":" else path


def _ends(annotation: Element) -> tuple[str, str]:
    return annotation.attrib["TIME_SLOT_REF1"], annotation.attrib["TIME_SLOT_REF2"]


def _times(tier: Element, slots: Slots) -> dict[str, float]:
    """Milliseconds of the slots of a tier; those without a time divide what is between others."""
    used = {slot for each in tier.iter("ALIGNABLE_ANNOTATION") for slot in _ends(each)}
    own = {slot: time for slot, time in slots.items() if slot in used}
    known = {k: time for k, time in enumerate(own.values()) if time is not None}
    places = range(len(own))
    times = np.interp(places, [*known], [*known.values()]).tolist() if known else []
    return dict(zip(own, times, strict=bool(known)))
