"""Rich Transcription Time Marked: ten fields a line, as read by tools for diarization.

The type is SPEAKER, the only one that these tools read; the label stands where they name the
speaker, the probability where they give their confidence. White space is what separates fields, so
that in labels and names of files it becomes `_`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..results import Detection, Tagging
from .spans import Selection, one_line, seconds, spans_of

UNNAMED = "unnamed"
"""Stands for samples in memory, and for an empty label: a missing field would shift the others."""


def texts(results: Iterable[Tagging | Detection], selection: Selection) -> Iterator[str]:
    """The lines of each recording.

    Args:
        results: tags or events.
        selection: which tags.
    """
    for result in results:
        name = _field(result.source or "")
        yield "".join(
            f"SPEAKER {name} 1 {seconds(span.onset)} {seconds(span.duration)} <NA> <NA> "
            f"{_field(span.label)} {span.probability:.6f} <NA>\n"
            for span in spans_of(result, selection)
        )


def _field(text: str) -> str:
    return "_".join(one_line(text).split()) or UNNAMED
