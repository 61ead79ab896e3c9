"""Where results go: into one table, or into a tree that mirrors the folders of the recordings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import PathError, UsageError
from ..files import checked
from .finding import Recording, identity_of_file
from .identity import digest_of_path
from .journal import Journal, exists
from .mirroring import mirrored
from .place import Form, Output
from .table import Table
from .tree import Tree

MAX_NAME = 255
"""Bytes of a name, on most file systems."""


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
    if not split:
        form.format.check_parts(any(each.part for each in recordings))
    if split:
        if os.path.isfile(path):
            raise UsageError(f"{path} is a file: name a folder for one file a recording")
        files = [path / name for name in mirrored(recordings, root, form.format.extension)]
        return Tree(recordings, files, path / ".panns", form)
    if os.path.isdir(path) or place.endswith(("/", os.sep)):
        raise UsageError(
            f"{place!r} is a folder: split=True or --split puts one file a recording there"
        )
    journal = path.with_name(_name_of_journal(path.name))
    if len(recordings) == 1:
        return Tree(recordings, [path], journal, form, is_split=False)
    if not form.format.several and _are_several(recordings):
        raise UsageError(
            f"a file of format {form.format.name} holds one recording: name a folder, and "
            "split=True or --split puts one file a recording there"
        )
    return Table(recordings, path, journal, form)


def _are_several(recordings: Sequence[Recording]) -> bool:
    """Whether these are not all parts of one recording."""
    keys = {recording.key for recording in recordings}
    return len(keys) < len(recordings) or len({recording.path for recording in recordings}) > 1


def _name_of_journal(name: str) -> str:
    """The name of the output and an end, or, where that is too long, the name's digest."""
    longest = f"{name}.panns"
    return longest if len(os.fsencode(longest)) <= MAX_NAME else f"{digest_of_path(name)}.panns"


def refuse_to_replace(
    place: Output,
    recordings: Sequence[Recording],
    overwrite: bool,
    spared: Iterable[str | os.PathLike[str]],
) -> dict[int, PathError]:
    """Make sure that nothing that is read is written over, and nothing else without leave.

    Args:
        place: of the results.
        recordings: the list.
        overwrite: whether files that are there may be replaced.
        spared: other files that are read.

    Returns:
        Recordings of a tree for whose results there can be no file, by their places in the list,
        and why.

    Raises:
        UsageError: if a file would be replaced.
        PathError: if the one file cannot be written.
    """
    read = {recording.identity for recording in recordings} | set(map(identity_of_file, spared))
    refused: dict[int, PathError] = {}
    for number, path in enumerate(place.files):
        try:
            checked(path)
        except PathError as error:
            if not place.is_split:
                raise
            refused[number] = error
            continue
        if os.path.exists(path) and identity_of_file(path) in read:
            raise UsageError(f"{path} is one of the files to read: give another name")
        if os.path.exists(path) and not overwrite and not exists(place.journal):
            raise UsageError(
                f"{path} is there already: give another name, or replace it: overwrite=True, "
                "--overwrite"
            )
    return refused


def refuse_to_forget(place: Output, journal: Journal) -> None:
    """Make sure that a single file does not lose the recordings that it holds.

    Args:
        place: of the results.
        journal: of an earlier run.

    Raises:
        UsageError: if some of them are still there, but not in the list any more.
    """
    if place.is_split:
        return
    listed = {recording.path for recording in place.recordings}
    done = [entry.path for entry in journal.entries.values() if not entry.cause]
    if lost := [path for path in done if path not in listed and os.path.exists(path)]:
        raise UsageError(
            f"{place.files[0]} holds recordings that are not among those named now ({len(lost)}), "
            f"such as {lost[0]}: name them too, give another output, or begin anew: "
            "overwrite=True, --overwrite"
        )
