"""Where the results of a run go: decided and checked before any network is loaded.

Nothing that is read is written over, and nothing else without leave. A tree mirrors the folders of
the recordings.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..audio import Reading
from ..errors import UsageError
from ..formats import Format
from ..formats.spans import Selection
from ..wording import argument
from .discover import find, shared_folder
from .journal import Journal, exists
from .outputs import Output, Table, Tree
from .recording import Recording, identity_of_file, split_channels
from .records import digest_of_path

MAX_NAME = 255
"""Bytes of a name, on most file systems."""


@dataclass(frozen=True)
class Plan:
    """What a run reads and writes.

    Attributes:
        inputs: files, folders and patterns, as for `find`.
        reading: how recordings are read.
        path: of the file to write; with `split` of a folder.
        format: of the files.
        selection: what is written of each result.
        split: whether each recording gets a file.
        overwrite: whether files that are there may be replaced.
        spared: other files that are read, and never written.
    """

    inputs: Sequence[str | os.PathLike[str]]
    reading: Reading
    path: str
    format: Format
    selection: Selection
    split: bool = False
    overwrite: bool = False
    spared: Sequence[str | os.PathLike[str]] = ()

    @cached_property
    def folder(self) -> Path:
        """The folder that all inputs share: a tree mirrors what lies below it."""
        return shared_folder(self.inputs)

    @cached_property
    def recordings(self) -> Sequence[Recording]:
        """The recordings that are found now; AudioError if there is none."""
        return split_channels(find(self.inputs), self.reading)

    @cached_property
    def output(self) -> Output:
        """The output for these recordings: accessed, it checks that results can be written.

        It raises AudioError if there is no recording, UsageError as `output_for`, and if the extra
        that the format needs is not installed or it cannot be written as it is wanted, and
        PathError as `output_for`.
        """
        self.format.require()
        self.format.check_dialect(self.selection)
        return self.output_for(self.recordings)

    def output_for(self, recordings: Sequence[Recording]) -> Output:
        """Return the output for the results of some recordings.

        Args:
            recordings: the list.

        Raises:
            UsageError: if the format cannot hold them, the path is none for them, or a file would
                be replaced.
            PathError: if nothing can be written under the path of the one file.
        """
        output = self._tree(recordings) if self.split else self._file(recordings)
        if output.refused and not self.split:
            raise output.refused[0]
        read = {recording.identity for recording in recordings}
        read |= set(map(identity_of_file, self.spared))
        has_journal = exists(output.journal)
        for number, path in enumerate(output.files):
            if number in output.refused or not os.path.exists(path):
                continue
            if identity_of_file(path) in read:
                raise UsageError(f"{path} is one of the files to read: give another name")
            if not self.overwrite and not has_journal:
                raise UsageError(
                    f"{path} is there already: give another name, or replace it: "
                    f"{argument('overwrite', True)}"
                )
        return output

    def _tree(self, recordings: Sequence[Recording]) -> Output:
        path = Path(self.path)
        if os.path.isfile(path):
            raise UsageError(f"{path} is a file: name a folder for one file a recording")
        names = mirrored(recordings, self.folder, self.format.extension)
        files = [path / name for name in names]
        return Tree(recordings, files, path / ".panns", self.format, self.selection, True)

    def _file(self, recordings: Sequence[Recording]) -> Output:
        path = Path(self.path)
        self.format.check_separate(any(each.suffix for each in recordings))
        if not self.format.several and _are_several(recordings):
            raise UsageError(
                f"a file of format {self.format.name} holds one recording: name a folder, and "
                f"{argument('split', True)} puts one file a recording there"
            )
        kind = Tree if len(recordings) == 1 else Table
        return kind(recordings, [path], _journal_beside(path), self.format, self.selection, False)


def check_nothing_lost(output: Output, journal: Journal) -> None:
    """Make sure that a single file does not lose the recordings that it holds.

    Args:
        output: of the run.
        journal: of an earlier run.

    Raises:
        UsageError: if some of them are still there, but not in the list any more.
    """
    if output.is_split:
        return
    named = {recording.path for recording in output.recordings}
    done = [record.path for record in journal.records.values() if not record.cause]
    if lost := [path for path in done if path not in named and os.path.exists(path)]:
        raise UsageError(
            f"{output.files[0]} holds recordings that are not among those named now ({len(lost)}), "
            f"such as {lost[0]}: name them too, give another output, or begin anew: "
            f"{argument('overwrite', True)}"
        )


def mirrored(recordings: Sequence[Recording], root: Path, extension: str) -> list[Path]:
    """Return names of files for recordings, relative: their own with another extension.

    Recordings that differ in their extension alone keep it, and those that differ in case alone get
    a number that follows from their names. A file that is named twice has one name; a track or
    channel has its own, such as `street.channel2.csv`.

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
    return [_with_suffix(chosen[each.path], each.suffix, extension) for each in recordings]


def _with_suffix(name: Path, suffix: str, extension: str) -> Path:
    return name.with_name(f"{name.name.removesuffix(extension)}{suffix}{extension}")


def _folded(name: Path) -> str:
    """The same for names that are one where neither case nor the way to write accents counts."""
    return unicodedata.normalize("NFC", str(name).casefold())


def _are_several(recordings: Sequence[Recording]) -> bool:
    """Whether these are not all tracks and channels of one recording."""
    keys = {recording.key for recording in recordings}
    return len(keys) < len(recordings) or len({recording.path for recording in recordings}) > 1


def _journal_beside(path: Path) -> Path:
    """The journal of a file: its name and an end, or, where that is too long, its digest."""
    name = f"{path.name}.panns"
    is_short = len(os.fsencode(name)) <= MAX_NAME
    return path.with_name(name if is_short else f"{digest_of_path(path.name)}.panns")
