"""Results in files: for people, for programs, for editors of sound.

    results --texts--> pieces of text, one a recording --.
                                                         |--writer--> file
    results ------------- bytes -------------------------'

Each module is one family of formats; `FORMATS` is the list of them.
"""

from ..results import Detection, Embedding, Tagging
from . import (
    audacity,
    csv,
    eaf,
    increments,
    json,
    npz,
    parquet,
    raven,
    rttm,
    srt,
    table,
    textgrid,
    xlsx,
)
from .format import Format, pieces_of

_SPANS = (Tagging, Detection)
_ALL = (Tagging, Detection, Embedding)

FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        Format("table", ".txt", _ALL, several=True, writer=pieces_of(table.texts)),
        Format(
            "csv",
            ".csv",
            _ALL,
            several=True,
            writer=pieces_of(csv.texts),
            joined=increments.rows,
            dialect=frozenset({"excel", "delimiter", "decimal"}),
        ),
        Format(
            "tsv",
            ".tsv",
            _ALL,
            several=True,
            writer=pieces_of(csv.tab_separated),
            joined=increments.rows,
            dialect=frozenset({"excel", "decimal"}),
        ),
        Format(
            "xlsx",
            ".xlsx",
            _ALL,
            several=True,
            writer=xlsx.write,
            binary=True,
            needs=("xlsxwriter", "xlsx"),
        ),
        Format("json", ".json", _ALL, several=True, writer=json.write),
        Format(
            "jsonl",
            ".jsonl",
            _ALL,
            several=True,
            writer=pieces_of(json.lines),
            joined=increments.objects,
        ),
        Format(
            "parquet",
            ".parquet",
            _ALL,
            several=True,
            writer=parquet.write,
            binary=True,
            needs=("pyarrow", "table"),
        ),
        Format(
            "npz",
            ".npz",
            (Detection,),
            several=False,
            writer=npz.write,
            binary=True,
            framewise=True,
            channels=False,
        ),
        Format("audacity", ".txt", _SPANS, several=False, writer=pieces_of(audacity.texts)),
        Format("raven", ".selections.txt", _SPANS, several=True, writer=pieces_of(raven.texts)),
        Format(
            "rttm",
            ".rttm",
            _SPANS,
            several=True,
            writer=pieces_of(rttm.texts),
            joined=increments.rows,
        ),
        Format("textgrid", ".TextGrid", _SPANS, several=False, writer=pieces_of(textgrid.texts)),
        Format("srt", ".srt", _SPANS, several=False, writer=pieces_of(srt.texts)),
        Format("eaf", ".eaf", _SPANS, several=False, writer=pieces_of(eaf.texts)),
    )
}
"""The formats by name."""

__all__ = ["FORMATS", "Format"]
