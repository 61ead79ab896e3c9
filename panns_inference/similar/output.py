"""Hits as rows of a table, which is a data set of clips as well.

The column `label` has the name of what is looked for. Where a column `confirmed` is added, or the
label taken out of a row, the table says which hits are right, and a network learns it from that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..errors import UsageError
from ..formats.figures import Kinds, Rows
from ..formats.schema import Kind
from ..wording import argument
from .search import Hit

_NO_CLASS = re.compile(r'^[\s"]|[;\r\n]|\s$')
"""What a data set of clips takes for several classes, or for less than is there."""


def check_label(label: str) -> None:
    """Refuse a label that is read as another, or as several, where hits are a data set.

    Args:
        label: what hits are taken for.

    Raises:
        UsageError: if it is none.
    """
    if _NO_CLASS.search(label):
        raise UsageError(
            f"{label!r} would be read as other classes in the column label, where ; and new lines "
            "stand between classes, and quotes and spaces around them: name the class with "
            f"{argument('label')}"
        )


def figures(hits: Sequence[Hit], label: str) -> tuple[Kinds, Rows]:
    """Return columns and rows; track and channel are among them where they were chosen.

    Args:
        hits: the rows.
        label: what they are taken for, as `check_label` allows it.
    """
    kinds = {
        "filename": Kind.TEXT,
        "onset": Kind.SECONDS,
        "offset": Kind.SECONDS,
        "label": Kind.TEXT,
        "similarity": Kind.SIMILARITY,
        "track": Kind.NUMBER,
        "channel": Kind.NUMBER,
    }
    for name in ("track", "channel"):
        if all(getattr(hit, name) is None for hit in hits):
            del kinds[name]
    return kinds, [tuple(getattr(hit, name, label) for name in kinds) for hit in hits]
