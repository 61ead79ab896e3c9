r"""JSON: a list of results, or one result a line, each with the version of its keys as `schema`.

Characters that steer a terminal are escapes such as `\u202e`: the same text to readers of JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import IO

from ..errors import UsageError
from ..results import Result, Tagging
from ..terminal import CONTROLS
from .schema import SCHEMA
from .spans import Selection


def write(results: Iterable[Result], file: IO[str], selection: Selection) -> None:
    """Write one list, a recording a line; it is ended also where no more results come.

    Args:
        results: tags, events or embeddings.
        file: open for text.
        selection: which tags.
    """
    file.write("[")
    try:
        for count, result in enumerate(results):
            file.write(f"{',' if count else ''}\n{_object(result, selection)}")
            file.flush()
    finally:
        file.write("\n]\n")
        file.flush()


def lines(results: Iterable[Result], selection: Selection) -> Iterator[str]:
    """JSON Lines: an object for each recording.

    Args:
        results: tags, events or embeddings.
        selection: which tags.
    """
    for result in results:
        yield f"{_object(result, selection)}\n"


def _object(result: Result, selection: Selection) -> str:
    if isinstance(result, Tagging):
        values = result.to_dict(
            selection.top, selection.threshold, selection.classes, selection.exclude
        )
    else:
        values = result.to_dict()
    first = {"schema": SCHEMA, "source": result.source, "channel": result.channel}
    values = {**first, **values}
    try:
        text = json.dumps(values, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise UsageError(
            f"the result of {result.source} by {result.model} holds values that are not finite, "
            "which JSON cannot hold; the formats table and csv can"
        ) from error
    return CONTROLS.sub(lambda found: json.dumps(found[0])[1:-1], text)
