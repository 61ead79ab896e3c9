"""Groups as figures."""

from __future__ import annotations

from collections.abc import Sequence

from ..formats.figures import Kinds, Rows
from ..formats.schema import Kind
from .summarise import Group


def figures(by: Sequence[str], groups: Sequence[Group]) -> tuple[Kinds, Rows]:
    """Return columns and rows.

    Args:
        by: what events are grouped by: the first columns.
        groups: the groups.
    """
    kinds = {name: _kind(place, groups) for place, name in enumerate(by)}
    kinds |= {"events": Kind.NUMBER, "seconds": Kind.SECONDS}
    rows = [(*group.values, group.events, round(group.seconds, 6)) for group in groups]
    return kinds, rows


def _kind(place: int, groups: Sequence[Group]) -> Kind:
    are_numbers = all(isinstance(group.values[place], int) for group in groups)
    return Kind.NUMBER if groups and are_numbers else Kind.TEXT
