"""Random draws from a data set, as often from rare groups as from common ones."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

import numpy as np

Item = TypeVar("Item")


class Sampler(Generic[Item]):
    """Draws items with replacement: what is drawn depends on the generator alone.

    Args:
        items: what is drawn from, at least one.
        groups: group of each item, such as its most probable class.
        balance: how often first a group is drawn, then one of its items; otherwise all items
            are equally likely.
    """

    def __init__(self, items: Sequence[Item], groups: Sequence[Hashable], balance: float) -> None:
        self.items = list(items)
        self.balance = balance
        members: dict[Hashable, list[Item]] = {}
        for item, group in zip(self.items, groups, strict=True):
            members.setdefault(group, []).append(item)
        self._groups = list(members.values())

    def draw(self, draw: np.random.Generator) -> Item:
        """Return one item.

        Args:
            draw: random generator.
        """
        items = self.items
        if draw.random() < self.balance:
            items = self._groups[draw.integers(len(self._groups))]
        return items[draw.integers(len(items))]
