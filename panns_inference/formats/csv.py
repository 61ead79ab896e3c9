"""Comma-separated values.

Tags and events have the columns of DCASE (filename, onset, offset, event_label) and three more; a
tag lasts as long as its recording. An embedding is a row: the file, the times and its values. Of a
recording that was heard in stretches, the rows are those of the stretches.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from ..results import Detection, Embedding, Tagging
from .spans import Selection, seconds, spans_of

COLUMNS = ("filename", "onset", "offset", "event_label", "mid", "index", "probability")


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
        yield "".join(map(_line, rows if count else [header, *rows]))


def _table(
    result: Tagging | Detection | Embedding, selection: Selection
) -> Iterator[Sequence[object]]:
    """The header and the rows of one recording."""
    name = result.source or ""
    if isinstance(result, Embedding):
        yield *COLUMNS[:3], *range(len(result.vector))
        for each in result.stretches or (result,):
            # The shortest digits that give the same float32 again.
            yield name, seconds(each.onset), seconds(each.offset), *map(str, each.vector)
        return
    yield COLUMNS
    for span in spans_of(result, selection):
        times = seconds(span.onset), seconds(span.offset)
        yield name, *times, span.label, span.mid, span.index, f"{span.probability:.6f}"


def _line(cells: Sequence[object]) -> str:
    text = io.StringIO()
    # What ends a line is quoted inside a cell: with the writer's own \r\n, both characters are.
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n") + "\n"
