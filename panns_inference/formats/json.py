"""JSON: a list of results, or one result a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from ..errors import UsageError
from ..results import Result, Tagging
from .spans import Selection


def texts(results: Iterable[Result], selection: Selection) -> Iterator[str]:
    """One list, a recording a line.

    Args:
        results: tags, events or embeddings.
        selection: which tags.
    """
    yield "["
    for count, result in enumerate(results):
        yield f"{',' if count else ''}\n{_object(result, selection)}"
    yield "\n]\n"


def lines(results: Iterable[Result], selection: Selection) -> Iterator[str]:
    """JSON Lines: an object for each recording.

    Args:
        results: tags, events or embeddings.
        selection: which tags.
    """
    for result in results:
        yield f"{_object(result, selection)}\n"


def _object(result: Result, selection: Selection) -> str:
    values = result.to_dict(*selection) if isinstance(result, Tagging) else result.to_dict()
    try:
        return json.dumps(values, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise UsageError(
            f"the result of {result.source} by {result.model} holds values that are not finite, "
            "which JSON cannot hold; the formats table and csv can"
        ) from error
