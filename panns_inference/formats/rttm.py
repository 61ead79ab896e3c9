"""Rich Transcription Time Marked: ten fields a line, as read by tools for diarization.

The type is SPEAKER, the only one that these tools read; the label stands where they name the
speaker, the probability where they give their confidence.

White space is what separates fields: in names of files it is percent-encoded (`first%20day.wav`),
in labels a space becomes `_` (`Male_speech`). So are control characters, `"`, `%` itself, and in
labels `_`: what differs stays apart, and `urllib.parse.unquote` gives a name back.
Recordings without events have no line: the format knows none for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..results import Detection, Tagging
from .spans import Selection, seconds, spans_of

ENCODED = r"\s%\"\x00-\x1f\x7f-\x9f\u2028\u2029"
"""Characters that a field does not hold: white space, `%`, `"` and control characters."""

UNNAMED = "unnamed"
"""Stands for samples in memory, and for an empty label: a missing field would shift the others."""


def texts(results: Iterable[Tagging | Detection], selection: Selection) -> Iterator[str]:
    """The lines of each recording.

    Args:
        results: tags or events.
        selection: which tags.
    """
    for result in results:
        # The format has a field for a channel, and none for a track.
        track = "" if result.track is None else f".track{result.track}"
        name = _field(f"{result.source or UNNAMED}{track}")
        where = f"SPEAKER {name} {result.channel or 1}"
        yield "".join(
            f"{where} {seconds(span.onset)} {seconds(span.duration)} <NA> <NA> "
            f"{_label(span.label)} {span.probability:.6f} <NA>\n"
            for span in spans_of(result, selection)
        )


def _field(text: str, encoded: str = ENCODED) -> str:
    return re.sub(f"[{encoded}]", _percent, text) or UNNAMED


def _label(text: str) -> str:
    return _field(text, f"_{ENCODED}").replace("%20", "_")


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())
