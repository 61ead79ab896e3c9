"""Results of all recordings in one file."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from ..errors import PathError
from ..files import Fingerprint, atomic_write, fingerprint, unchanged
from ..results import Result
from .finding import Recording
from .hearing import Heard
from .identity import digest_of_path
from .journal import Journal
from .lines import Entry, Made
from .parts import read_part, write_part
from .place import Form


@dataclass(frozen=True)
class Table:
    """One file for all recordings; results wait for it in parts.

    Attributes:
        recordings: the list.
        path: of the file.
        journal: folder of the journal.
        form: what is written.
    """

    recordings: Sequence[Recording]
    path: Path
    journal: Path
    form: Form
    is_split: ClassVar[bool] = False

    @property
    def files(self) -> Sequence[Path]:
        """The file."""
        return [self.path]

    def holds(self, entry: Entry, number: int) -> bool:
        """Whether the part of a recording is there, to the last bit: a power cut may harm it."""
        name = self._name(self.recordings[number])
        if entry.written and entry.output == name:
            with contextlib.suppress(OSError):
                return fingerprint(self.journal / name).sha256 == entry.written.sha256
        return False

    def keep(self, journal: Journal, heard: Heard, entry: Entry, result: Result) -> None:
        """Write the part of a recording."""
        name = self._name(self.recordings[heard.number])
        written = write_part(self.journal / name, result)
        journal.note(replace(entry, output=name, written=written), self.journal / name)

    def finish(self, journal: Journal, labels: Sequence[str]) -> None:
        """Make the table of the parts, unless it is made of just these."""
        pairs = [(each.name, journal.done(each)) for each in self.recordings]
        done = [(name, entry) for name, entry in pairs if entry and entry.written]
        parts = [(name, entry.written.sha256) for name, entry in done if entry.written]
        of = hashlib.sha256(repr(parts).encode("utf-8", "surrogateescape")).hexdigest()
        made = journal.made
        if not done or (made and made.of == of and unchanged(self.path, made.written)):
            return

        def note(written: Fingerprint) -> None:
            journal.note(Made(self.path.name, written, of))

        results = (read_part(self.journal / entry.output, name, labels) for name, entry in done)
        binary, leave = self.form.format.binary, journal.replaces(self.path.name)
        try:
            with atomic_write(self.path, binary=binary, replace=leave, announce=note) as file:
                self.form.format.write(results, file, **self.form.selection)
        except PathError as error:
            raise PathError(
                f"{error}; what was heard is kept in {self.journal}, and the same command makes "
                "the table of it when the way is clear"
            ) from error

    def _name(self, recording: Recording) -> str:
        return f"parts/{digest_of_path(recording.key)}.npz"
