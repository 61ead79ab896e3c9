"""Annotations in files, as the programs of the field write them, and folders of such files.

What a file is, its first line says:

    filename,onset,offset,event_label    a table of recordings, of this package or of DCASE
    onset,offset,label                   a table as others write them; it may name its recordings
    0.500<tab>2.000<tab>Speech           a label track of Audacity, also of one recording
    Selection<tab>...Begin Time (s)      a selection table of Raven; it may name its recordings
    <?xml ... <ANNOTATION_DOCUMENT       a document of ELAN; it may name its recording
    File type = "ooTextFile"             a TextGrid of Praat, of one recording
"""

from __future__ import annotations

import csv
import logging
import os
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence, Set
from pathlib import Path

from ..errors import UsageError
from ..events import Event
from ..formats.read import NoTableError, rows_of
from .channels import Place, by_name
from .elan import of_elan
from .found import Found, event_of, number
from .textgrid import FIRST_LINE, of_textgrid

LOG = logging.getLogger("panns_inference")

ENDINGS = frozenset(
    (".csv", ".tsv", ".txt", ".json", ".jsonl", ".parquet", ".xlsx", ".eaf", ".textgrid")
)
"""How names of annotations in a folder end."""

COLUMNS = {
    "onset": ("onset", "start", "begin", "start (s)", "start time"),
    "offset": ("offset", "end", "stop", "end (s)", "end time"),
    "label": ("event label", "label", "class", "event", "species", "common name"),
}
"""What columns of tables are called, `_` like a space; the first that is there counts."""

RECORDINGS = ("filename", "file", "path", "recording")
"""Columns that may name the recording of a row; without one, it is called as the file."""

RAVEN_LABELS = ("annotation", "label", "species", "call", "class", "tag", "common name")
"""Columns of Raven that may hold a label, the first that is there."""

EXPECTED = (
    "expected a table with onset, offset and label, a label track of Audacity, a selection table "
    "of Raven, a document of ELAN or a TextGrid"
)
"""Behind what is wrong with a file."""

_RAVEN_NAME = re.compile(r"(\.Table\.\d+)?\.selections$", re.IGNORECASE)
_JSON = re.compile(rb"(\[\s*)?\{\s*[\"}]|\[\s*\]")
"""How objects and lists of them begin, other than a note such as `[loud]`."""

_PROBABILITY = re.compile(r" ([01]\.\d{3})$")
"""Behind a label in the label tracks of this package."""

Annotated = dict[str, list[Event]]
"""Events by recording."""


class NoAnnotationsError(UsageError):
    """A file is none of annotations, such as a `README.txt` beside them."""


class _FormError(ValueError):
    """A text has none of the forms of annotations."""


def read_annotations(path: str | os.PathLike[str]) -> Annotated:
    """Return the events in a file, or in all files of a folder and its subfolders, by recording.

    A recording that a file does not name is called as the file is. Several channels or tracks of a
    recording have names of their own, such as `street.channel2.flac`. Of a folder, files that are
    no annotations are left out with a warning.

    Args:
        path: of a table (csv, tsv, xlsx, json, jsonl or parquet), a label track of Audacity, a
            selection table of Raven, a document of ELAN, a TextGrid, or a folder of them.

    Raises:
        UsageError: if one cannot be read or makes no sense.
        NoAnnotationsError: if it is none of these, or all in the folder are none.
    """
    path = Path(path)
    folder = path if path.is_dir() else path.parent
    files = files_in(folder) if path.is_dir() else [path]
    if not files:
        raise NoAnnotationsError(
            f"there are no annotations in {path}: {', '.join(sorted(ENDINGS))}"
        )
    own: dict[str, str] = {}
    found: dict[Place, list[Event]] = {}
    others: list[NoAnnotationsError] = []
    for file in files:
        stem, ending = os.path.splitext(file.relative_to(folder))
        stem = _RAVEN_NAME.sub("", stem)
        # Several files may be of one recording.
        try:
            lines = [*_lines(file, own.setdefault(stem, stem + ending))]
        except NoAnnotationsError as error:
            others.append(error)
            continue
        for line in lines:
            events = found.setdefault((line.source, line.track, line.channel), [])
            events += [] if line.event is None else [line.event]
    if len(others) == len(files):
        raise others[0]
    for other in others:
        LOG.warning("warning: left out: %s", other)
    return by_name(found)


def files_in(folder: Path) -> list[Path]:
    """Return the files below a folder that may be annotations by their names, sorted.

    Args:
        folder: what is hidden in it is left out.
    """
    return [
        each
        for each in sorted(folder.rglob("*"))
        if each.suffix.lower() in ENDINGS
        and each.is_file()
        and not any(piece.startswith(".") for piece in each.relative_to(folder).parts)
    ]


def _lines(path: Path, name: str) -> Iterator[Found]:
    try:
        text = _text(path)
        if text is None:
            yield from _of_other_table(path)
            return
        lines = text.splitlines()
        first = next((line for line in lines if line.strip()), "")
        heading = [_plain(cell) for cell in re.split(r"[\t,;|]", first)]
        if not first:
            yield Found(name, None)
        elif "begin time (s)" in heading:
            yield from _of_raven(lines, name)
        elif first.startswith(("<?xml", "<ANNOTATION_DOCUMENT")):
            yield from of_elan(text, name)
        elif FIRST_LINE.match(first):
            yield from of_textgrid(text, name)
        elif _is_number(first.split("\t")[0]):
            yield from _of_audacity(lines, name)
        elif _is_ours({*heading}):
            yield from _of_table(path)
        else:
            yield from _of_columns(lines, first, name)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except UsageError:
        raise
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} is no text in UTF-8 or UTF-16 (byte {error.start}): if it holds annotations, "
            "save it as UTF-8"
        ) from error
    except (ValueError, LookupError, csv.Error) as error:
        kind = NoAnnotationsError if isinstance(error, _FormError) else UsageError
        raise kind(f"{path} cannot be used: {error}; {EXPECTED}") from error


def _plain(cell: str) -> str:
    return cell.strip().strip('"').casefold().replace("_", " ")


def _is_ours(heading: Set[str]) -> bool:
    """Whether a table has columns as this package and DCASE call them."""
    has_times = {"onset", "offset"} <= heading or "duration" in heading
    return has_times and bool(
        {"filename", "source"} & heading and {"event label", "label"} & heading
    )


def _text(path: Path) -> str | None:
    """The text of a file; None if it is no text of lines."""
    data = path.read_bytes()
    if data.startswith((b"PAR1", b"PK\x03\x04")) or _JSON.match(data):
        return None
    return data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")


def _of_table(path: Path) -> Iterator[Found]:
    for row in rows_of(path):
        yield Found(row.source, row.event, row.track, row.channel)


def _of_other_table(path: Path) -> Iterator[Found]:
    """Of a table that is no text of lines: only its columns say whether it is one of events."""
    try:
        yield from _of_table(path)
    except NoTableError as error:
        raise NoAnnotationsError(str(error)) from error


def _of_columns(lines: Iterable[str], first: str, name: str) -> Iterator[Found]:
    separator = max(",;\t|", key=first.count)
    rows = csv.reader((line for line in lines if line.strip()), delimiter=separator)
    heading = [_plain(cell) for cell in next(rows)]
    try:
        onset, offset, label = (_place(column, heading) for column in ("onset", "offset", "label"))
    except ValueError as error:
        raise _FormError(f"its first line, {textwrap.shorten(first, 80)!r}, {error}") from error
    sources = [heading.index(column) for column in RECORDINGS if column in heading]
    if not sources:
        yield Found(name, None)
    for row in rows:
        source = row[sources[0]] if sources else name
        yield Found(source, event_of(row[onset], row[offset], row[label]))


def _place(column: str, heading: Sequence[str]) -> int:
    """The place of a column, by the first of its names that is there."""
    names = COLUMNS[column]
    for name in names:
        if name in heading:
            return heading.index(name)
    raise ValueError(f"has none of the columns {', '.join(names)}")


def _of_audacity(lines: Iterable[str], name: str) -> Iterator[Found]:
    yield Found(name, None)
    for line in lines:
        # A line with frequencies begins with a backslash.
        if line.strip() and not line.startswith("\\"):
            onset, offset, label, *_ = [*line.split("\t"), ""]
            probability = _PROBABILITY.search(label)
            shown = float(probability[1]) if probability else 1.0
            yield Found(name, event_of(onset, offset, _PROBABILITY.sub("", label), shown))


def _of_raven(lines: Iterable[str], name: str) -> Iterator[Found]:
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    known = set()
    is_empty = True
    for cells in rows:
        row = {(column or "").strip().casefold(): cell or "" for column, cell in cells.items()}
        # A selection has a line for each view of it.
        if (selection := row.get("selection")) is not None and selection in known:
            continue
        known.add(selection)
        label = next((column for column in RAVEN_LABELS if column in row), None)
        if label is None:
            raise ValueError(f"it has none of the columns {', '.join(RAVEN_LABELS)}")
        begin, end = number(row["begin time (s)"]), number(row["end time (s)"])
        source = row.get("begin path") or row.get("begin file") or name
        onset = number(row["file offset (s)"]) if row.get("file offset (s)") else begin
        confidence = number(row["confidence"]) if row.get("confidence") else 1.0
        channel = int(row["channel"]) if row.get("channel", "").isdecimal() else None
        is_empty = False
        event = event_of(onset, onset + end - begin, row[label], confidence)
        yield Found(source, event, channel=channel)
    if is_empty:
        yield Found(name, None)


def _is_number(text: str) -> bool:
    try:
        number(text)
    except ValueError:
        return False
    return bool(text.strip())
