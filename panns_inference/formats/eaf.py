"""Annotations of ELAN (EAF 3.0): a tier for each class, with times in milliseconds.

Annotations of a tier cannot overlap: the tag of a stretch ends where the next stretch begins that
has it too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from .. import __version__
from ..events import Event
from ..results import Detection, Tagging
from .spans import Selection, milliseconds, named, one_line, tiers_of

SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"

DATE = "1970-01-01T00:00:00Z"
"""The format wants a date; with this one, the same result is the same file."""

KIND = "default-lt"
"""What ELAN calls a tier that depends on no other."""

UNNAMED = "unnamed"
"""Stands for an empty label: a tier has a name."""

Tier = tuple[str, Sequence[Event]]
"""Name, and events of one class in one channel."""

# Beside control characters.
_NOT_IN_XML = re.compile("[\ufffe\uffff]")


def texts(results: Iterable[Tagging | Detection], selection: Selection) -> Iterator[str]:
    """The document of a recording.

    Args:
        results: tags or events of a recording, or of each of its channels.
        selection: which tags.
    """
    if channels := list(results):
        document = Element(
            "ANNOTATION_DOCUMENT",
            {
                "AUTHOR": f"panns_inference {__version__}",
                "DATE": DATE,
                "FORMAT": "3.0",
                "VERSION": "3.0",
                "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
                "xsi:noNamespaceSchemaLocation": SCHEMA,
            },
        )
        _add_header(document, channels[0].source)
        _add_tiers(document, [t for result in channels for t in _tiers(result, selection)])
        SubElement(
            document,
            "LINGUISTIC_TYPE",
            LINGUISTIC_TYPE_ID=KIND,
            TIME_ALIGNABLE="true",
            GRAPHIC_REFERENCES="false",
        )
        indent(document)
        text = tostring(document, encoding="unicode")
        yield f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _tiers(result: Tagging | Detection, selection: Selection) -> Iterator[Tier]:
    for events in tiers_of(result, selection):
        yield named(_text(events[0].label) or UNNAMED, result), events


def _add_header(document: Element, source: str | None) -> None:
    header = SubElement(document, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    if source is not None:
        path = Path(source).absolute()
        # ELAN takes what follows "file://" as the path: as it is, without escapes.
        SubElement(
            header,
            "MEDIA_DESCRIPTOR",
            MEDIA_URL=f"file:///{_text(path.as_posix()).lstrip('/')}",
            MIME_TYPE="audio/x-wav" if path.suffix.lower() == ".wav" else "audio/*",
            RELATIVE_MEDIA_URL=f"./{_text(path.name)}",
        )


def _add_tiers(document: Element, tiers: Sequence[Tier]) -> None:
    slots = SubElement(document, "TIME_ORDER")
    # Each end of an annotation has a slot of its own: in ELAN, one can be moved without others.
    ends: list[tuple[int, Element, str]] = []
    for name, events in zip(_names(tiers), map(itemgetter(1), tiers), strict=True):
        tier = SubElement(document, "TIER", TIER_ID=name, LINGUISTIC_TYPE_REF=KIND)
        for event, (start, end) in zip(events, _placed(events), strict=True):
            annotation = SubElement(
                SubElement(tier, "ANNOTATION"),
                "ALIGNABLE_ANNOTATION",
                ANNOTATION_ID=f"a{len(ends) // 2 + 1}",
            )
            SubElement(annotation, "ANNOTATION_VALUE").text = _text(event.label)
            ends += [(start, annotation, "TIME_SLOT_REF1"), (end, annotation, "TIME_SLOT_REF2")]
    ends.sort(key=itemgetter(0))
    for number, (time, annotation, reference) in enumerate(ends, start=1):
        SubElement(slots, "TIME_SLOT", TIME_SLOT_ID=f"ts{number}", TIME_VALUE=str(time))
        annotation.set(reference, f"ts{number}")


def _names(tiers: Sequence[Tier]) -> Iterator[str]:
    """Names of the tiers, each once."""
    taken = set()
    for name, (first, *_) in tiers:
        if name in taken:
            name = f"{name} ({first.index})"
        taken.add(name)
        yield name


def _placed(events: Sequence[Event]) -> Iterator[tuple[int, int]]:
    """Start and end of each event, none before the last one has ended."""
    reached = 0
    for event in events:
        start, end = milliseconds(event)
        start = max(start, reached)
        reached = max(end, start + 1)
        yield start, reached


def _text(text: str) -> str:
    return _NOT_IN_XML.sub(" ", one_line(text))
