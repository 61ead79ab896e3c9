"""The classes that the name of a recording says beyond doubt: `cough`, `dog_bark`, `train_horn`.

Its table is names.csv, one row a class in one setting:

- `words`: words, or sequences of words, that name the class; separated by `;`
- `class`: the display name of the class
- `above`: the classes above it in the ontology of AudioSet (Gemmeke et al., ICASSP 2017) that are
  among the 527, nearest first. Where a class lies in several places, as *Growling* does below
  *Dog* and *Cat*, the words decide which is meant
- `unless`: words that make the name unclear wherever they stand in the path: a `bark` of a `tree`
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from panns_inference.audioset import labels

TABLE = Path(__file__).with_suffix(".csv")

_WORD_BEGINS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W\d_]+")


class Name(NamedTuple):
    """A sequence of words and what it says: the class, then those above it, as indices."""

    words: tuple[str, ...]
    classes: tuple[int, ...]
    unless: frozenset[str]


def split(text: str) -> list[str]:
    """Split a path at whatever is no letter, and at capitals, into words in lower case."""
    return [word.lower() for word in _WORD.findall(_WORD_BEGINS.sub(" ", text))]


def read_names(table: Path = TABLE) -> list[Name]:
    """Read a table of names; a class that is none of the 527 is a ValueError."""
    with table.open(encoding="utf-8", newline="") as file:
        return [
            Name(
                tuple(words.split()),
                tuple(labels.index(label) for label in [row["class"], *_items(row["above"])]),
                frozenset(_items(row["unless"])),
            )
            for row in csv.DictReader(file)
            for words in _items(row["words"])
        ]


def named_classes(path: str) -> tuple[int, ...]:
    """Return the class that a path names and those above it; nothing where the name is not clear.

    Folders count as the file does, so give the path with its source:
    `freepats/spanish-classical-guitar/samples/A1.wav` is a guitar. Of names within one another the
    longest holds. Names of several classes hold where all lie on one way up the ontology, as
    `cat/purr` does, and the lowest is the class.

    Returns:
        Indices into the 527 classes, the named class first.
    """
    words = split(path)
    spans = [
        (begin, begin + len(name.words), name)
        for begin, word in enumerate(words)
        for name in _by_first_word().get(word, ())
        if tuple(words[begin : begin + len(name.words)]) == name.words
    ]
    present = frozenset(words)
    found = [
        name
        for begin, end, name in spans
        if not any(b <= begin and end <= e and e - b > end - begin for b, e, _ in spans)
        and not name.unless & present
    ]
    all_classes = {name.classes[0] for name in found}
    return next((name.classes for name in found if all_classes <= {*name.classes}), ())


@lru_cache(maxsize=1)
def _by_first_word() -> dict[str, list[Name]]:
    names: dict[str, list[Name]] = {}
    for name in read_names():
        names.setdefault(name.words[0], []).append(name)
    return names


def _items(cell: str) -> list[str]:
    return [item.strip() for item in cell.split(";") if item.strip()]
