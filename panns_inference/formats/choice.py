"""Which rows of a table are wanted: of which classes, how probable, how many of each class."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from ..audioset import labels as audioset_labels
from ..audioset import mids as audioset_mids
from ..errors import UsageError
from ..events.columns import Class
from ..names import closest, form_of, split
from .read import Row


@dataclass(frozen=True)
class Choice:
    """Which rows are wanted.

    Attributes:
        classes: labels (case and punctuation do not matter), mids or indices of the classes; None
            is all.
        exclude: classes that are not wanted.
        min_probability: smallest probability of an event.
    """

    classes: Collection[Class] | None = None
    exclude: Collection[Class] = ()
    min_probability: float = 0.0

    def of(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the rows that are wanted, and those in which nothing was found.

        Args:
            rows: of tables.

        Raises:
            UsageError: behind the last row, if a class is neither in the tables nor in AudioSet.
        """
        classes = None if self.classes is None else [*_each(self.classes)]
        exclude = [*_each(self.exclude)]
        wanted = None if classes is None else {_key(each) for each in classes}
        excluded = {_key(each) for each in exclude}
        labels = dict.fromkeys(audioset_labels)
        for row in rows:
            if row.event is None:
                yield row
                continue
            labels[row.event.label] = None
            names = _names(row.event.label, row.event.mid, row.event.index)
            is_meant = (wanted is None or names & wanted) and not names & excluded
            if is_meant and row.event.probability >= self.min_probability:
                yield row
        for each in (*(classes or ()), *exclude):
            _check_known(str(each), labels)


def most_probable(rows: Iterable[Row], n: int) -> list[Row]:
    """Return the most probable events of each class, in the order of the rows.

    Args:
        rows: of tables.
        n: how many of a class.
    """
    best: dict[str, list[tuple[float, int, Row]]] = {}
    for number, row in enumerate(rows):
        if row.event is None:
            continue
        heap = best.setdefault(row.event.label, [])
        heapq.heappush(heap, (row.event.probability, -number, row))
        if len(heap) > n:
            heapq.heappop(heap)
    kept = sorted(itertools.chain.from_iterable(best.values()), key=lambda each: -each[1])
    return [row for _, _, row in kept]


def _each(wanted: Collection[Class]) -> Iterator[Class]:
    """The classes; a text may name several, with commas."""
    for each in wanted:
        yield from split(each, audioset_labels) if isinstance(each, str) else [each]


def _key(wanted: Class) -> str:
    text = str(wanted)
    return text if text.startswith("/") or text.isdecimal() else form_of(text)


@lru_cache
def _names(label: str, mid: str, index: int) -> frozenset[str]:
    """What a class may be called; most rows are of one that another row is of, too."""
    return frozenset({form_of(label), mid, str(index)})


def _check_known(wanted: str, labels: Collection[str]) -> None:
    if wanted.startswith("/"):
        if wanted not in audioset_mids:
            raise UsageError(f"no class has the mid {wanted!r}: `panns labels` lists them")
    elif not wanted.isdecimal():
        closest(wanted, labels, "label")
