"""What results are put into: the same for a table and for a tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..formats import Format
from ..results import Result
from .finding import Recording
from .hearing import Heard
from .journal import Journal
from .lines import Entry


@dataclass(frozen=True)
class Form:
    """A format, and what is written of each result.

    Attributes:
        format: one of `FORMATS`.
        selection: arguments of its `write`.
    """

    format: Format
    selection: dict[str, Any]


class Output(Protocol):
    """A place for the results of a list of recordings."""

    @property
    def recordings(self) -> Sequence[Recording]:
        """The list."""

    @property
    def journal(self) -> Path:
        """Folder of the journal."""

    @property
    def files(self) -> Sequence[Path]:
        """What will be written."""

    @property
    def is_split(self) -> bool:
        """Whether there is a file for each recording, in a folder of their own."""

    def holds(self, entry: Entry, number: int) -> bool:
        """Whether the result of a recording is still where it was put, as it was put there.

        Args:
            entry: what the journal says of the recording.
            number: its place in the list.
        """

    def keep(self, journal: Journal, heard: Heard, entry: Entry, result: Result) -> None:
        """Put a result where a kill does not harm it, and write that into the journal.

        Args:
            journal: of the run.
            heard: the recording, by its place in the list.
            entry: what the journal is to say of it, without what is known only now.
            result: of the recording.

        Raises:
            PathError: if this result cannot be written, but others can.
        """

    def finish(self, journal: Journal, labels: Sequence[str]) -> None:
        """All recordings are heard: make what is made of them together.

        Args:
            journal: of the run.
            labels: display names of the classes.
        """
