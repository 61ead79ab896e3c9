"""Which events are wanted, by their classes."""

from __future__ import annotations

from collections.abc import Collection

from .. import audioset
from ..errors import UsageError
from ..events import Event
from ..names import closest, form_of


class Classes:
    """Which classes are wanted; called with an event, it returns whether that is one of them.

    Args:
        classes: labels (case and punctuation do not matter), mids or indices; None is all.
        exclude: the same for those that are not wanted.
    """

    def __init__(self, classes: Collection[str] | None, exclude: Collection[str]) -> None:
        self.classes = classes
        self.exclude = exclude
        self._wanted: dict[tuple[str, str, int], bool] = {}

    def __call__(self, event: Event) -> bool:
        kind = event.label, event.mid, event.index
        if kind not in self._wanted:
            is_in = self.classes is None or any(_means(name, *kind) for name in self.classes)
            self._wanted[kind] = is_in and not any(_means(name, *kind) for name in self.exclude)
        return self._wanted[kind]

    def check(self) -> None:
        """Refuse names that are those of no class, neither in the tables nor of AudioSet.

        Raises:
            UsageError: if there is one; it names the nearest ones.
        """
        found = {label: (label, mid, index) for label, mid, index in self._wanted}
        known = {each: (each, audioset.mid_of(each), i) for i, each in enumerate(audioset.labels)}
        for name in (*(self.classes or ()), *self.exclude):
            if any(_means(name, *kind) for kind in (*found.values(), *known.values())):
                continue
            if name.isdecimal() or name.startswith("/"):
                raise UsageError(f"no class of the tables has the mid or the index {name}")
            closest(name, {**known, **found}, "label")


def _means(name: str, label: str, mid: str, index: int) -> bool:
    """Whether a name stands for a class."""
    if name.isdecimal():
        return index == int(name)
    return name == mid if name.startswith("/") else form_of(name) == form_of(label)
