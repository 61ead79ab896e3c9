"""Results in a file each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..files import Fingerprint, atomic_write, explained, unchanged
from ..formats.npz import write_rows
from ..results import Detection, Result
from .finding import Recording
from .hearing import Heard
from .journal import Journal
from .lines import Entry
from .place import Form


@dataclass(frozen=True)
class Tree:
    """A file for each recording.

    Attributes:
        recordings: the list.
        files: one for each of them.
        journal: folder of the journal.
        form: what is written.
        is_split: False if it is no tree but one file for one recording.
    """

    recordings: Sequence[Recording]
    files: Sequence[Path]
    journal: Path
    form: Form
    is_split: bool = True

    def holds(self, entry: Entry, number: int) -> bool:
        """Whether the file of a recording is there, as it was written."""
        written = entry.written if entry.output == self._name(number) else None
        return written is not None and unchanged(self.files[number], written)

    def keep(self, journal: Journal, heard: Heard, entry: Entry, result: Result) -> None:
        """Write the file of a recording."""
        path, name = self.files[heard.number], self._name(heard.number)
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)

        def note(written: Fingerprint) -> None:
            journal.note(replace(entry, output=name, written=written))

        form = self.form.format
        leave = journal.replaces(name)
        with atomic_write(path, binary=form.binary, replace=leave, announce=note) as file:
            if form.framewise and isinstance(result, Detection) and result.framewise is None:
                rows = journal.notes(heard.heard_as).rows(len(result.labels))
                write_rows(file, result, rows)
            else:
                form.write([result], file, **self.form.selection)

    def finish(self, journal: Journal, labels: Sequence[str]) -> None:
        """Nothing is made of them together."""

    def _name(self, number: int) -> str:
        return os.path.relpath(self.files[number], self.journal.parent)
