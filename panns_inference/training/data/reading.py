"""What a path stands for: which of the forms in which people have clips with classes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...batch import find
from ...errors import UsageError
from ...evaluation.annotations import ENDINGS
from ...names import check_one_of
from .annotated import CLIP_SECONDS, read_annotated
from .black_list import without
from .clips import Dataset
from .folders import read_folders
from .manifest import is_manifest, labelled, read_manifest
from .segments import is_segments, read_segments
from .tables import heading_of, text_of

FORMS = {
    "folders": "a folder with a subfolder for each class",
    "annotations": "a folder of recordings with annotations beside them, or a file of annotations",
    "manifest": "a table of clips, with the columns path and labels",
    "segments": "a list of AudioSet",
}
"""What is read, and what it is."""


def read_dataset(
    path: str | os.PathLike[str],
    *,
    form: str | None = None,
    root: str | os.PathLike[str] | None = None,
    labels: Sequence[str] = (),
    black_list: str | os.PathLike[str] | None = None,
    seconds: float = CLIP_SECONDS,
    negatives: bool = True,
) -> Dataset:
    """Return the clips that a folder or a file stands for.

    A list of AudioSet says so in its first lines; a table with the columns path (or filename) and
    labels (or label, class, ...) is one of clips, but with event_label one of events, as DCASE and
    this package write them; another file is one of annotations. In a folder, files of annotations
    that are called as its recordings mean annotations, and else its subfolders are the classes.

    Args:
        path: of the folder or file.
        form: one of `FORMS`, instead of what it is taken for.
        root: folder of the recordings; None is that of the file, or the folder itself.
        labels: the classes in their order; none for those that it has.
        black_list: file with the names of recordings that are left out.
        seconds: length of the clips that annotated recordings are cut into.
        negatives: whether there are clips between the annotated events, too.

    Raises:
        UsageError: if it cannot be read, makes no sense, or holds nothing to learn from.
        AudioError: if there is no recording.
    """
    if form is not None:
        check_one_of(form, FORMS, "form")
    form = form or form_of(path)
    if form == "folders":
        found = read_folders(path)
    elif form == "annotations":
        found = read_annotated(path, root, labels=labels, seconds=seconds, negatives=negatives)
    elif form == "manifest":
        found = read_manifest(path, root=root, labels=labels)
    else:
        found = read_segments(path, root)
    if labels:
        found = labelled(found.clips, labels, dict(zip(found.labels, found.mids, strict=False)))
    return without(found, black_list) if black_list is not None else found


def form_of(path: str | os.PathLike[str]) -> str:
    """Return which of the `FORMS` a folder or a file has.

    Args:
        path: of it.

    Raises:
        UsageError: if there is nothing.
        AudioError: if it is a folder without recordings.
    """
    path = Path(path)
    if path.is_dir():
        return "annotations" if _has_annotations(path) else "folders"
    if not path.is_file():
        raise UsageError(f"{path} is not there: give {', or '.join(FORMS.values())}")
    if path.suffix.lower() not in (".csv", ".tsv", ".txt"):
        return "annotations"
    text = text_of(path)
    if is_segments(text):
        return "segments"
    heading = heading_of(text)
    return "manifest" if is_manifest(heading) and "event_label" not in heading else "annotations"


def _has_annotations(folder: Path) -> bool:
    """Whether a file of annotations is called as a recording that is beside it."""
    stems = {os.path.splitext(each.path)[0] for each in find([folder])}
    files = (each for each in folder.rglob("*") if each.suffix.lower() in ENDINGS)
    return any(not stems.isdisjoint(_stems(os.path.abspath(file))) for file in files)


def _stems(name: str) -> Iterator[str]:
    """A name without its ending, and without more of them, as of `1.Table.1.selections.txt`."""
    while (shorter := os.path.splitext(name)[0]) != name:
        yield shorter
        name = shorter
