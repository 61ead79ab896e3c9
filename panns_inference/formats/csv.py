"""Comma-separated values.

Tags and events have the columns of DCASE (filename, onset, offset, event_label) and three more; a
tag lasts as long as its recording. An embedding is a row: the file, the times and its values. Of a
recording that was processed in stretches, the rows are those of the stretches. A recording in which
nothing was found has one row, with nothing but its name. Where tracks or channels were chosen,
their numbers are columns behind the file: `track`, `channel`. Where the time of day is wanted, the
last column is `clock`.

A text that a spreadsheet would take for a formula gets a `'` in front, as OWASP recommends; one
that has it already, another one: the text itself lacks the first `'`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from ..results import Detection, Embedding, Tagging
from .spans import Selection, seconds, spans_or_none

COLUMNS = ("filename", "onset", "offset", "event_label", "mid", "index", "probability")

FORMULA = re.compile("'*[=+\\-@\t\r\n\0\uff1d\uff0b\uff0d\uff20]")
"""How a text begins that a spreadsheet may take for a formula; the last four are full-width."""

NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")


def texts(
    results: Iterable[Tagging | Detection | Embedding], selection: Selection
) -> Iterator[str]:
    """The header with the rows of the first recording, then the rows of each.

    Args:
        results: results of one type.
        selection: which tags.
    """
    for count, result in enumerate(results):
        header, *rows = _table(result, selection)
        yield "".join(map(line, rows if count else [header, *rows]))


def _table(
    result: Tagging | Detection | Embedding, selection: Selection
) -> Iterator[Sequence[object]]:
    """The header and the rows of one recording."""
    name = defused(result.source or "", selection), *result.chosen.values()
    filename, *columns = COLUMNS
    if isinstance(result, Embedding):
        yield filename, *result.chosen, *columns[:2], *range(len(result.vector))
        for each in result.stretches or (result,):
            # The shortest digits that give the same float32 again.
            yield *name, seconds(each.onset), seconds(each.offset), *map(str, each.vector)
        return
    columns += ["clock"] * result.is_clocked
    yield filename, *result.chosen, *columns
    for span in spans_or_none(result, selection):
        if span is None:
            yield *name, *[""] * len(columns)
            continue
        times = seconds(span.onset), seconds(span.offset)
        what = defused(span.label, selection), span.mid, span.index
        clock = [result.clock_text(span.onset)] * result.is_clocked
        yield *name, *times, *what, f"{span.probability:.6f}", *clock


def defused(text: str, selection: Selection) -> str:
    """Return a text as a spreadsheet is to show it, unless texts are to stay as they are.

    Args:
        text: of a cell.
        selection: whether they are.
    """
    is_formula = FORMULA.match(text) and not NUMBER.fullmatch(text)
    return f"'{text}" if is_formula and not selection.raw else text


def line(cells: Sequence[object]) -> str:
    """Return a line of cells.

    Args:
        cells: texts and numbers.
    """
    text = io.StringIO()
    # What ends a line is quoted inside a cell: with the writer's own \r\n, both characters are.
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n") + "\n"
