"""Label tracks of Audacity (File > Import > Labels): onset, offset and text between tabs.

The text is the label and its probability, such as `Speech 0.931`: Audacity shows nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..results import Detection, Tagging
from .spans import Selection, merged, one_line, seconds


def texts(results: Iterable[Tagging | Detection], selection: Selection) -> Iterator[str]:
    """The labels of a recording.

    Args:
        results: tags or events of a recording, or of each of its channels.
        selection: which tags.
    """
    yield "".join(
        f"{seconds(span.onset)}\t{seconds(span.offset)}\t{one_line(label)} {span.probability:.3f}\n"
        for span, label in merged(results, selection)
    )
