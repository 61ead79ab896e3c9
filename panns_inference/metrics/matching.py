"""Matching: each has one of its candidates for itself, and as many as can be have one."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence


def largest_matching(candidates: Sequence[Sequence[int]]) -> dict[int, int]:
    """Return who has which candidate, for as many as can be, by augmenting paths.

    Args:
        candidates: of each.
    """
    has: dict[int, int] = {}
    owner: dict[int, int] = {}
    for number, own in enumerate(candidates):
        # Those who can come to the candidate, if others give theirs away.
        through: dict[int, int] = {}
        waiting = deque([number] if own else [])
        free = None
        while waiting and free is None:
            current = waiting.popleft()
            for each in candidates[current]:
                if each not in through:
                    through[each] = current
                    if each not in owner:
                        free = each
                        break
                    waiting.append(owner[each])
        while free is not None:
            current = owner[free] = through[free]
            has[current], free = free, has.get(current)
    return has
