"""Annotations in files, as the programs of the field write them, and folders of such files.

What a file is, its first line says:

    filename,onset,offset,event_label    a table of recordings, of this package or of DCASE
    onset,offset,label                   a table of one recording, which is called as the file
    0.500<tab>2.000<tab>Speech           a label track of Audacity, also of one recording
    Selection<tab>...Begin Time (s)      a selection table of Raven; it may name its recordings
    <?xml ... <ANNOTATION_DOCUMENT       a document of ELAN; it may name its recording
    File type = "ooTextFile"             a TextGrid of Praat, of one recording
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from ..errors import UsageError
from ..events import Event
from ..formats.read import rows_of
from .elan import of_elan
from .found import Found, event_of, number
from .textgrid import FIRST_LINE, of_textgrid

ENDINGS = frozenset(
    (".csv", ".tsv", ".txt", ".json", ".jsonl", ".parquet", ".xlsx", ".eaf", ".textgrid")
)
"""How names of annotations in a folder end."""

LABELS = ("event_label", "label", "class", "event")
"""Columns that may hold a label, the first that is there."""

RAVEN_LABELS = ("annotation", "label", "species", "call", "class", "tag", "common name")
"""Columns of Raven that may hold a label, the first that is there."""

_RAVEN_NAME = re.compile(r"(\.Table\.\d+)?\.selections$", re.IGNORECASE)
_PROBABILITY = re.compile(r" ([01]\.\d{3})$")
"""Behind a label in the label tracks of this package."""

Annotated = dict[str, list[Event]]
"""Events by recording."""


def read_annotations(path: str | os.PathLike[str]) -> Annotated:
    """Return the events in a file, or in all files of a folder and its subfolders, by recording.

    Args:
        path: of a table (csv, tsv, xlsx, json, jsonl or parquet), a label track of Audacity, a
            selection table of Raven, a document of ELAN, a TextGrid, or a folder of them.

    Raises:
        UsageError: if one cannot be read or is none of these, or has events of several channels or
            tracks of one recording.
    """
    path = Path(path)
    files = [(path, path.name)]
    if path.is_dir():
        below = sorted(each for each in path.rglob("*") if each.suffix.lower() in ENDINGS)
        files = [(each, str(each.relative_to(path))) for each in below if each.is_file()]
        if not files:
            raise UsageError(f"there are no annotations in {path}: {', '.join(sorted(ENDINGS))}")
    found: Annotated = {}
    for file, name in files:
        stem = _RAVEN_NAME.sub("", os.path.splitext(name)[0])
        for source, event in _lines(file, stem):
            found.setdefault(source, []).extend([] if event is None else [event])
    return found


def _lines(path: Path, stem: str) -> Iterator[Found]:
    try:
        text = _text(path)
        if text is None:
            yield from _of_table(path)
            return
        lines = text.splitlines()
        first = next((line for line in lines if line.strip()), "")
        heading = [cell.strip().casefold() for cell in re.split(r"[\t,;|]", first)]
        if not first:
            yield Found(stem, None)
        elif "begin time (s)" in heading:
            yield from _of_raven(lines, stem)
        elif first.startswith(("<?xml", "<ANNOTATION_DOCUMENT")):
            yield from of_elan(text, stem)
        elif FIRST_LINE.match(first):
            yield from of_textgrid(text, stem)
        elif _is_number(first.split("\t")[0]):
            yield from _of_audacity(lines, stem)
        elif {"onset", "offset"} < {*heading} and not _names_recordings(heading):
            yield from _of_recording(lines, first, stem)
        else:
            yield from _of_table(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except UsageError:
        raise
    except (ValueError, LookupError, csv.Error) as error:
        raise UsageError(
            f"{path} cannot be used: {error}; expected a table with onset, offset and label, a "
            "label track of Audacity, a selection table of Raven, a document of ELAN or a TextGrid"
        ) from error


def _names_recordings(heading: Collection[str]) -> bool:
    """Whether a table says of which recording a row is."""
    return bool({"filename", "source"} & {*heading}) and bool({"event_label", "label"} & {*heading})


def _text(path: Path) -> str | None:
    """The text of a file; None if it is no text of lines."""
    data = path.read_bytes()
    if data.startswith((b"PAR1", b"PK\x03\x04", b"[", b"{")):
        return None
    return data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")


def _of_table(path: Path) -> Iterator[Found]:
    chosen: dict[str, tuple[int | None, int | None]] = {}
    for row in rows_of(path):
        if chosen.setdefault(row.source, (row.track, row.channel)) != (row.track, row.channel):
            raise UsageError(
                f"{path}: {row.source} has events of several channels or tracks: evaluate one"
            )
        yield Found(row.source, row.event)


def _of_recording(lines: Iterable[str], first: str, stem: str) -> Iterator[Found]:
    separator = max(",;\t|", key=first.count)
    rows = csv.reader((line for line in lines if line.strip()), delimiter=separator)
    heading = [cell.strip().casefold() for cell in next(rows)]
    onset, offset = heading.index("onset"), heading.index("offset")
    name = next((name for name in LABELS if name in heading), None)
    if name is None:
        raise ValueError(f"it has none of the columns {', '.join(LABELS)}")
    label = heading.index(name)
    yield Found(stem, None)
    for row in rows:
        yield Found(stem, event_of(row[onset], row[offset], row[label]))


def _of_audacity(lines: Iterable[str], stem: str) -> Iterator[Found]:
    yield Found(stem, None)
    for line in lines:
        # A line with frequencies begins with a backslash.
        if line.strip() and not line.startswith("\\"):
            onset, offset, label, *_ = [*line.split("\t"), ""]
            probability = _PROBABILITY.search(label)
            shown = float(probability[1]) if probability else 1.0
            yield Found(stem, event_of(onset, offset, _PROBABILITY.sub("", label), shown))


def _of_raven(lines: Iterable[str], stem: str) -> Iterator[Found]:
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    known = set()
    yield_stem = True
    for cells in rows:
        row = {(name or "").strip().casefold(): cell or "" for name, cell in cells.items()}
        # A selection has a line for each view of it.
        if (selection := row.get("selection")) is not None and selection in known:
            continue
        known.add(selection)
        label = next((name for name in RAVEN_LABELS if name in row), None)
        if label is None:
            raise ValueError(f"it has none of the columns {', '.join(RAVEN_LABELS)}")
        begin, end = number(row["begin time (s)"]), number(row["end time (s)"])
        source = row.get("begin path") or row.get("begin file") or stem
        onset = number(row["file offset (s)"]) if row.get("file offset (s)") else begin
        confidence = number(row["confidence"]) if row.get("confidence") else 1.0
        yield_stem = False
        yield Found(source, event_of(onset, onset + end - begin, row[label], confidence))
    if yield_stem:
        yield Found(stem, None)


def _is_number(text: str) -> bool:
    try:
        number(text)
    except ValueError:
        return False
    return bool(text.strip())
