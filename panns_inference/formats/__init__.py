"""Results as text: for people, for programs, for editors of sound.

    results --texts--> pieces of text, one a recording --write--> file

Each module makes the text of one family of formats; `FORMATS` is the list of them.
"""

from ..results import Detection, Embedding, Tagging
from . import audacity, csv, json, raven, rttm, srt, table, textgrid
from .format import Format

_SPANS = (Tagging, Detection)
_ALL = (Tagging, Detection, Embedding)

FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        Format("table", ".txt", _ALL, several=True, texts=table.texts),
        Format("csv", ".csv", _ALL, several=True, texts=csv.texts),
        Format("json", ".json", _ALL, several=True, texts=json.texts),
        Format("jsonl", ".jsonl", _ALL, several=True, texts=json.lines),
        Format("audacity", ".txt", _SPANS, several=False, texts=audacity.texts),
        Format("raven", ".selections.txt", _SPANS, several=False, texts=raven.texts),
        Format("rttm", ".rttm", _SPANS, several=True, texts=rttm.texts),
        Format("textgrid", ".TextGrid", _SPANS, several=False, texts=textgrid.texts),
        Format("srt", ".srt", _SPANS, several=False, texts=srt.texts),
    )
}
"""The formats by name."""

__all__ = ["FORMATS", "Format"]
