"""Where results go: into one table, or into a tree that mirrors the folders of the recordings."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from ..errors import UsageError
from ..files import atomic_write
from ..formats import Format
from ..formats.npz import write_rows
from ..results import Detection, Result
from .finding import Recording
from .hearing import Heard
from .journal import Entry, Journal, exists, name_of
from .parts import read_part, write_part


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
    def journal(self) -> Path:
        """Folder of the journal."""

    @property
    def files(self) -> Sequence[Path]:
        """What will be written."""

    @property
    def is_lone(self) -> bool:
        """Whether it is one file for one recording: its journal goes when that is done."""

    def holds(self, entry: Entry, number: int) -> bool:
        """Whether the result of a recording is still where it was put.

        Args:
            entry: what the journal says of the recording.
            number: its place in the list.
        """

    def keep(self, journal: Journal, heard: Heard, result: Result) -> tuple[str, int]:
        """Put a result where a kill does not harm it.

        Args:
            journal: of the run.
            heard: the recording, by its place in the list.
            result: of the recording.

        Returns:
            Name and size in bytes of the file that holds it.
        """

    def finish(self, journal: Journal, labels: Sequence[str]) -> None:
        """All recordings are heard: make what is made of them together.

        Args:
            journal: of the run.
            labels: display names of the classes.
        """


@dataclass(frozen=True)
class Tree:
    """A file for each recording.

    Attributes:
        recordings: the list.
        files: one for each of them.
        journal: folder of the journal.
        form: what is written.
        is_lone: whether it is no tree but one file for one recording.
    """

    recordings: Sequence[Recording]
    files: Sequence[Path]
    journal: Path
    form: Form
    is_lone: bool = False

    def holds(self, entry: Entry, number: int) -> bool:
        """Whether the file of a recording is there."""
        return entry.output == self._name(number) and self.files[number].is_file()

    def keep(self, journal: Journal, heard: Heard, result: Result) -> tuple[str, int]:
        """Write the file of a recording."""
        path = self.files[heard.number]
        path.parent.mkdir(parents=True, exist_ok=True)
        form = self.form.format
        with atomic_write(path, binary=form.binary) as file:
            if form.framewise and isinstance(result, Detection) and result.framewise is None:
                rows = journal.notes(heard.heard_as).rows(len(result.labels))
                write_rows(file, result, rows)
            else:
                form.write([result], file, **self.form.selection)
        return self._name(heard.number), path.stat().st_size

    def finish(self, journal: Journal, labels: Sequence[str]) -> None:
        """Nothing is made of them together."""

    def _name(self, number: int) -> str:
        return os.path.relpath(self.files[number], self.journal.parent)


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
    is_lone: ClassVar[bool] = False

    @property
    def files(self) -> Sequence[Path]:
        """The file."""
        return [self.path]

    def holds(self, entry: Entry, number: int) -> bool:
        """Whether the part of a recording is there, and whole."""
        part = self.journal / entry.output
        return part.is_file() and part.stat().st_size == entry.n_bytes

    def keep(self, journal: Journal, heard: Heard, result: Result) -> tuple[str, int]:
        """Write the part of a recording."""
        part = journal.parts / f"{name_of(self.recordings[heard.number])}.npz"
        n_bytes = write_part(part, result)
        return f"{part.parent.name}/{part.name}", n_bytes

    def finish(self, journal: Journal, labels: Sequence[str]) -> None:
        """Make the table of the parts, unless it is made of just these."""
        pairs = [(each, journal.done(each)) for each in self.recordings]
        done = [(each.name, entry) for each, entry in pairs if entry]
        made = self.journal / "table"
        digest = hashlib.sha256(repr(done).encode("utf-8", "surrogateescape")).hexdigest()
        if not done or (self.path.is_file() and made.is_file() and made.read_text() == digest):
            return
        results = (read_part(self.journal / entry.output, name, labels) for name, entry in done)
        with atomic_write(self.path, binary=self.form.format.binary) as file:
            self.form.format.write(results, file, **self.form.selection)
        with atomic_write(made) as file:
            file.write(digest)


def output_of(
    recordings: Sequence[Recording], root: Path, place: str, split: bool, form: Form
) -> Table | Tree:
    """The place for the results of some recordings.

    Args:
        recordings: the list.
        root: the folder that they share.
        place: what the user names: a file, or with `split` a folder.
        split: whether each recording gets a file.
        form: what is written.

    Raises:
        UsageError: if the format cannot hold them, or the place is none for them.
    """
    path = Path(place)
    if split:
        if path.is_file():
            raise UsageError(f"{path} is a file: name a folder for one file a recording")
        files = [path / name for name in mirrored(recordings, root, form.format.extension)]
        return Tree(recordings, files, path / ".panns", form)
    if path.is_dir() or place.endswith(("/", os.sep)):
        raise UsageError(
            f"{path} is a folder: split=True or --split puts one file a recording there"
        )
    journal = path.with_name(f"{path.name}.panns")
    if len(recordings) == 1:
        return Tree(recordings, [path], journal, form, is_lone=True)
    if not form.format.several:
        raise UsageError(
            f"a file of format {form.format.name} holds one recording: name a folder, and "
            "split=True or --split puts one file a recording there"
        )
    return Table(recordings, path, journal, form)


def mirrored(recordings: Sequence[Recording], root: Path, extension: str) -> list[Path]:
    """Names of files for recordings, relative: those of the recordings with another extension.

    Recordings that differ in their extension alone keep it, and those that differ in case alone get
    a number that follows from their names. A file that is named twice has one name.

    Args:
        recordings: files below `root`.
        root: a folder.
        extension: of the new names.

    Raises:
        UsageError: if two would have the same name all the same.
    """
    names = {each.path: Path(os.path.relpath(each.path, root)) for each in recordings}
    short = {path: name.with_name(f"{name.stem}{extension}") for path, name in names.items()}
    count = Counter(map(_folded, short.values()))
    full = {path: name.with_name(f"{name.name}{extension}") for path, name in names.items()}
    chosen = {p: full[p] if count[_folded(name)] > 1 else name for p, name in short.items()}
    count = Counter(map(_folded, chosen.values()))
    for path, name in chosen.items():
        if count[_folded(name)] > 1:
            digest = hashlib.sha256(os.fsencode(names[path])).hexdigest()[:8]
            chosen[path] = name.with_name(f"{names[path].name}-{digest}{extension}")
    if len(set(map(_folded, chosen.values()))) < len(chosen):
        raise UsageError(f"recordings in {root} would be written to the same name: rename them")
    return [chosen[each.path] for each in recordings]


def _folded(name: Path) -> str:
    """The same for names that are one where neither case nor the way to write accents counts."""
    return unicodedata.normalize("NFC", str(name).casefold())


def refuse_to_replace(place: Output, recordings: Sequence[Recording], overwrite: bool) -> None:
    """Make sure that no recording is written over, and no other file unless that is wanted.

    Args:
        place: of the results.
        recordings: the list.
        overwrite: whether files that are there may be replaced.

    Raises:
        UsageError: if one would be.
    """
    inputs = {os.path.realpath(recording.path) for recording in recordings}
    for path in place.files:
        if os.path.realpath(path) in inputs:
            raise UsageError(f"{path} is one of the files to read: give another name")
        if path.exists() and not overwrite and not exists(place.journal):
            raise UsageError(
                f"{path} is there already: give another name, or replace it: overwrite=True, "
                "--overwrite"
            )


def refuse_to_forget(place: Output, journal: Journal) -> None:
    """Make sure that a table does not lose the recordings that it holds.

    Args:
        place: of the results.
        journal: of an earlier run.

    Raises:
        UsageError: if some of them are still there, but not in the list any more.
    """
    if not isinstance(place, Table):
        return
    listed = {recording.path for recording in place.recordings}
    done = [path for path, entry in journal.entries.items() if not entry.cause]
    if lost := [path for path in done if path not in listed and os.path.exists(path)]:
        raise UsageError(
            f"{place.path} holds {len(lost)} recordings that are not among those named now, such "
            f"as {lost[0]}: name them too, give another output, or begin anew: overwrite=True, "
            "--overwrite"
        )
