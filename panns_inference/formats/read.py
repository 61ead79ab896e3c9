"""Tables of tags and events read back, row by row: CSV, XLSX, JSON, JSON Lines and Parquet.

What a file is, its first bytes say, not its name. CSV may be separated by commas, semicolons or
tabs, have decimal commas, and be UTF-8 or UTF-16 with a byte order mark, as spreadsheets write it.
Memory does not grow with a table; only JSON that is laid out in another way than this package
writes it is read as a whole.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import json
import os
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TextIO, TypeVar

from ..audioset import mid_of
from ..errors import UsageError
from ..events import Event
from .csv import unmarked

N = TypeVar("N", float, None)

Values = Mapping[str, Any]
"""Cells of a row by the names of their columns."""

SYNONYMS = {"filename": "source", "event_label": "label"}
"""Names of columns that are called otherwise in JSON."""

NEEDED = ("source", "onset", "offset", "label")
"""Columns that a table must have; the times of tags follow from a `duration` as well."""

SEPARATORS = ",;\t|"
"""What may stand between the cells of CSV."""

TEXTS = ("source", "label")
"""Columns in which a `'` may stand in front of what a spreadsheet would take for a formula."""

WRITTEN = (
    "what `panns detect` or `panns tag` writes of recordings as csv, tsv, xlsx, json, jsonl or "
    "parquet"
)
"""Tables that can be read, for messages."""


class NoTableError(UsageError):
    """A file is another than one of tags or events, by its columns or the names in it."""


class _FormError(ValueError):
    """Columns or names of values are those of no such table."""


@dataclass(frozen=True)
class Row:
    """An event in a table, and the recording that it is in.

    Attributes:
        source: the recording as it was named; empty for samples in memory.
        event: what is in the row; None for a recording in which nothing was found. A tag is an
            event that lasts as long as its recording or stretch. Where the table lacks a value,
            the index is -1, the probability 1, and the mean probability that probability.
        track: number of the sound track, from 1; None if none was chosen.
        channel: number of the channel, from 1; None if none was chosen.
        duration: length of the recording in seconds; None where the table lacks it.
        model: name of the network; empty where the table lacks it.
        clock: date and time at which the event begins; None where the table lacks it.
    """

    source: str
    event: Event | None
    track: int | None = None
    channel: int | None = None
    duration: float | None = None
    model: str = ""
    clock: datetime | None = None


def rows_of(path: str | os.PathLike[str]) -> Iterator[Row]:
    """Yield the rows of a table that `panns detect` or `panns tag` wrote, in their order.

    Args:
        path: of a file of the format csv, tsv, xlsx, json, jsonl or parquet; it may be a pipe, but
            for xlsx and parquet.

    Raises:
        NoTableError: if it is no such table.
        UsageError: if it cannot be read, is damaged, or a value in it makes no sense.
    """
    name, number = repr(os.fsdecode(path)), 0
    try:
        with open(path, "rb") as file:
            for number, values in enumerate(_values(file), start=1):  # noqa: B007 the error has it
                yield _row(values)
    except IsADirectoryError as error:
        raise UsageError(f"{name} is a folder; expected {WRITTEN}") from error
    except OSError as error:
        raise UsageError(f"the table {name} cannot be read: {error.strerror or error}") from error
    except UsageError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, csv.Error, RecursionError) as error:
        if isinstance(error, UnicodeDecodeError) and b"\0" in error.object:
            raise NoTableError(f"{name} is no table; expected {WRITTEN}") from error
        where = f" near row {number}" if number else ""
        is_other = isinstance(error, _FormError) and not number  # what it is, its beginning says
        kind = NoTableError if is_other else UsageError
        raise kind(
            f"the table {name} cannot be used{where}: {error}; expected {WRITTEN}"
        ) from error


def _values(file: io.BufferedReader) -> Iterator[Values]:
    beginning = file.peek(4)
    if beginning.startswith(b"PAR1"):
        yield from _of_parquet(file)
        return
    if beginning.startswith(b"PK\x03\x04"):
        yield from _of_workbook(file)
        return
    is_wide = beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    with io.TextIOWrapper(file, "utf-16" if is_wide else "utf-8-sig", newline="") as text:
        first = text.readline()
        is_json = first.lstrip().startswith(("[", "{"))
        yield from (_of_json if is_json else _of_csv)(first, text)


def _of_parquet(file: io.BufferedReader) -> Iterator[Values]:
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise UsageError(
            f'Parquet needs pyarrow ({error}): pip install "panns-inference[table]"'
        ) from error
    table = ParquetFile(file)
    model = (table.schema_arrow.metadata or {}).get(b"model", b"").decode()
    _check_columns(table.schema_arrow.names)
    for batch in table.iter_batches():
        for values in batch.to_pylist():
            yield _timed({"model": model, **values})


def _of_workbook(file: io.BufferedReader) -> Iterator[Values]:
    from zipfile import BadZipFile

    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise UsageError(
            f'workbooks need openpyxl ({error}): pip install "panns-inference[xlsx]"'
        ) from error
    try:
        book = load_workbook(file, read_only=True)
    except BadZipFile as error:
        raise ValueError(error) from error
    for sheet in book.worksheets:
        rows = sheet.iter_rows(values_only=True)
        names = [str(name) for name in next(rows, ())]
        _check_columns(names)
        for cells in rows:
            yield _timed(dict(zip(names, cells, strict=True)))


def _of_csv(first: str, text: TextIO) -> Iterator[Values]:
    if not first.strip():
        raise _FormError("it has no header")
    separator = max(SEPARATORS, key=first.count)
    rows = csv.DictReader(itertools.chain([first], text), delimiter=separator)
    _check_columns(rows.fieldnames or ())
    for values in rows:
        cells = {
            column: unmarked(cell or "") if SYNONYMS.get(column, column) in TEXTS else cell or None
            for column, cell in values.items()
            if column is not None
        }
        yield _timed(cells)


def _timed(values: Values) -> Values:
    """A row with its times: tags of a whole recording have its duration in their place."""
    if "onset" in values:
        return values
    onset = 0.0 if values["event_label"] else None
    return {"onset": onset, "offset": values["duration"], **values}


def _check_columns(columns: Iterable[str]) -> None:
    known = {SYNONYMS.get(column, column) for column in columns}
    known |= {"onset", "offset"} if "duration" in known else set()
    if missing := [column for column in NEEDED if column not in known]:
        raise _FormError(f"it has no column {', '.join(missing)}")


def _of_json(first: str, text: TextIO) -> Iterator[Values]:
    for result in map(_named, _results(first, text)):
        whole = {name: value for name, value in result.items() if not isinstance(value, list)}
        spans = [*map(_named, _spans(result))]
        for span in spans:
            yield {**whole, **span}
        if not spans:
            yield {"label": None, "onset": None, "offset": None, **whole}


def _named(value: object) -> Values:
    if not isinstance(value, Mapping):
        shown = textwrap.shorten(json.dumps(value), 80)
        raise _FormError(f"it has {shown} where an object belongs")
    return value


def _results(first: str, text: TextIO) -> Iterator[object]:
    """The values of a list or of JSON Lines: those of a line, or else of the whole file."""
    before: str | None = ""
    for line in itertools.chain([first], text):
        piece = line.strip().removesuffix(",")
        if piece in ("", "[", "]"):
            before = None if before is None else before + line
            continue
        try:
            value = json.loads(piece)
        except ValueError:
            if before is None:
                raise
            value = json.loads(before + line + text.read())
        yield from value if isinstance(value, list) else [value]
        before = None


def _spans(result: Values) -> Iterator[object]:
    """The events of a result, or the tags of it or of its stretches."""
    if isinstance(events := result.get("events"), list):
        yield from events
    elif "tags" not in result:
        raise _FormError(f"{', '.join(result)} is neither a list of tags nor one of events")
    elif "duration" not in result:
        raise _FormError("it has tags without a duration")
    else:
        whole = {"onset": 0.0, "offset": result["duration"], "tags": result["tags"]}
        for stretch in result.get("stretches", [whole]):
            times = {"onset": stretch["onset"], "offset": stretch["offset"]}
            for tag in stretch["tags"]:
                yield {**times, **_named(tag)}


def _row(cells: Values) -> Row:
    values = {SYNONYMS.get(column, column): cell for column, cell in cells.items()}
    clock = values.get("clock")
    return Row(
        source=values["source"] or "",
        event=None if values["onset"] is None else _event(values),
        track=_whole(values.get("track")),
        channel=_whole(values.get("channel")),
        duration=_number(values, "duration", None),
        model=values.get("model") or "",
        clock=datetime.fromisoformat(clock) if isinstance(clock, str) else clock,
    )


def _event(values: Values) -> Event:
    label = values["label"]
    onset, offset = _number(values, "onset", 0.0), _number(values, "offset", 0.0)
    probability = _number(values, "probability", 1.0)
    if not offset >= onset >= 0:
        raise ValueError(f"an event from {onset} to {offset} s is none")
    return Event(
        onset=onset,
        offset=offset,
        label=label,
        mid=values.get("mid") or mid_of(label),
        index=-1 if (index := _whole(values.get("index"))) is None else index,
        probability=probability,
        mean_probability=_number(values, "mean_probability", probability),
        threshold=_number(values, "threshold", 0.0),
    )


def _whole(value: str | int | None) -> int | None:
    return None if value is None else int(value)


def _number(values: Values, column: str, default: N) -> float | N:
    value = values.get(column)
    if value is None:
        return default
    return float(value.replace(",", ".") if isinstance(value, str) else value)
