"""Label tracks of Audacity (File > Import > Labels): onset, offset and label between tabs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..results import Detection, Tagging
from .spans import Selection, one_line, seconds, spans_of


def texts(results: Iterable[Tagging | Detection], selection: Selection) -> Iterator[str]:
    """The labels of a recording.

    Args:
        results: tags or events.
        selection: which tags.
    """
    for result in results:
        yield "".join(
            f"{seconds(span.onset)}\t{seconds(span.offset)}\t{one_line(span.label)}\n"
            for span in spans_of(result, selection)
        )
