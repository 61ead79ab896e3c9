"""Results for people: a heading for each recording, and a row for each tag or event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..results import Detection, Embedding, Tagging
from .spans import Selection, one_line

SHOWN = 6
"""Values of an embedding that are shown."""


def texts(
    results: Iterable[Tagging | Detection | Embedding], selection: Selection
) -> Iterator[str]:
    """The text of each recording; an empty line stands between two.

    Args:
        results: tags, events or embeddings.
        selection: which tags.
    """
    for count, result in enumerate(results):
        name = "samples" if result.source is None else one_line(result.source)
        heading = f"{name} ({result.duration:.2f} s, {result.model})"
        rows = "".join(f"  {row}\n" for row in _rows(result, selection))
        between = "\n" if count else ""
        yield f"{between}{heading}\n{rows}"


def _rows(result: Tagging | Detection | Embedding, selection: Selection) -> list[str]:
    if isinstance(result, Tagging):
        tags = result.top(*selection)
        return [f"{tag.probability:.3f}  {one_line(tag.label)}" for tag in tags] or ["no tags"]
    if isinstance(result, Detection):
        width = len(f"{result.duration:.2f}")
        return [
            f"{event.onset:{width}.2f} - {event.offset:{width}.2f} s  {event.probability:.3f}  "
            f"{one_line(event.label)}"
            for event in result.events
        ] or ["no events"]
    values = " ".join(f"{value:.3f}" for value in result.vector[:SHOWN])
    return [f"{len(result.vector)} values: {values} ..."]
