"""Hits as rows of a table, which is a data set of clips as well.

The column `label` has the name of what is looked for. Where a column `confirmed` is added, or the
label taken out of a row, the table says which hits are right, and a network learns it from that.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..formats.figures import Kinds, Rows
from ..formats.schema import Kind
from .search import Hit


def figures(hits: Sequence[Hit], label: str) -> tuple[Kinds, Rows]:
    """Return columns and rows; track and channel are among them where they were chosen.

    Args:
        hits: the rows.
        label: what they are taken for.
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
