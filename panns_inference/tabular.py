"""Results as tables of pandas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from .errors import UsageError
from .events import Event

if TYPE_CHECKING:
    import pandas

    from .results import Result

ANY_EVENT = Event(0.0, 0.0, "", "", 0, 0.0, 0.0)
"""Where nothing was found, the columns are those of an event all the same."""

NAMED = ("source", "track", "channel", "began")
"""What is known of a recording, as far as `Result.to_dict` has it."""

SPAN = ("onset", "offset", "clock")
"""The same of a stretch of it."""


class Tabular:
    """A result that becomes a table."""

    def to_pandas(self) -> pandas.DataFrame:
        """Return a table with a row for each tag, event or embedding (extra `pandas`).

        Its columns are `source`, `track` and `channel` as in `to_dict`, `onset` and `offset`, and
        the attributes of `Tag` or `Event`, or the values of the embedding by their numbers. Of a
        recording that was processed in stretches, the rows are those of the stretches.
        `pandas.concat` joins the tables of several recordings.

        Raises:
            UsageError: if pandas is not installed.
        """
        try:
            from pandas import DataFrame
        except ImportError as error:
            raise UsageError(
                f'to_pandas() needs pandas ({error}): pip install "panns-inference[pandas]"'
            ) from error
        result = cast("Result", self)
        if rows := list(_rows(result.to_dict(), result)):
            return DataFrame(rows)
        return DataFrame([_named(result.to_dict()) | ANY_EVENT.to_dict()]).iloc[:0]


def _rows(values: dict[str, Any], result: Result) -> Iterator[dict[Any, Any]]:
    """What is known of each item of a result, or of those of its stretches."""
    whole = {**values, "onset": result.onset, "offset": result.offset}
    for each in values.get("stretches", [whole]):
        span = _named(values) | {name: each[name] for name in SPAN if name in each}
        if "embedding" in each:
            yield {**span, **dict(enumerate(each["embedding"]))}
        else:
            yield from ({**span, **item} for item in each.get("tags", each.get("events")))


def _named(values: dict[str, Any]) -> dict[str, Any]:
    """What all rows say of their recording."""
    return {name: values[name] for name in NAMED if name in values}
