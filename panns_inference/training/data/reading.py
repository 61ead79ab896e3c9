"""What a path stands for: which of the forms in which people have clips with classes."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ... import names
from ...batch import find
from ...batch.discover import is_recording
from ...errors import AudioError, UsageError
from ...evaluation.annotations import NoAnnotationsError, files_in
from ...wording import argument
from .annotated import CLIP_SECONDS, read_annotated
from .black_list import without
from .clips import Dataset
from .folders import read_folders
from .manifest import is_manifest, labelled, read_manifest
from .segments import is_segments, read_segments
from .tables import heading_of, text_of

LOG = logging.getLogger("panns_inference")

FORMS = {
    "folders": "a folder with a subfolder for each class",
    "annotations": "a folder of recordings with annotations beside them, or a file of annotations",
    "manifest": "a table of clips, with the columns path and labels",
    "segments": "a list of AudioSet",
}
"""What is read, and what it is."""

ANY_FORM = ", or ".join(FORMS.values())
"""What can be given."""

DatasetLike = Dataset | str | os.PathLike[str]
"""A data set, or the path of one."""


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
    that are called as its recordings mean annotations, and so does any such file where recordings
    lie in no subfolder or all in one; else its subfolders are the classes.

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
        names.check_one_of(form, FORMS, "form")
    try:
        found = _read(path, form or form_of(path, root), root, labels, seconds, negatives)
    except NoAnnotationsError as error:
        other = "folders" if Path(path).is_dir() else "manifest"
        raise UsageError(f"{error}, or {FORMS[other]}") from error
    except AudioError as error:
        root_of = f"{argument('root')} names the folder of the recordings if it is another"
        raise AudioError(f"{error}: give {ANY_FORM}; {root_of}") from error
    if labels:
        found = labelled(found.clips, labels, dict(zip(found.labels, found.mids, strict=False)))
    _warn_of_spellings(found.labels)
    return without(found, black_list) if black_list is not None else found


def as_dataset(given: DatasetLike) -> Dataset:
    """Return a data set as it is, and a path as `read_dataset` reads it.

    Args:
        given: one of both.

    Raises:
        UsageError: as by `read_dataset`.
        AudioError: as by `read_dataset`.
    """
    return given if isinstance(given, Dataset) else read_dataset(given)


def form_of(path: str | os.PathLike[str], root: str | os.PathLike[str] | None = None) -> str:
    """Return which of the `FORMS` a folder or a file has.

    Args:
        path: of it.
        root: folder of the recordings; None is that of the file, or the folder itself.

    Raises:
        UsageError: if there is nothing, or it is a recording.
        AudioError: if it is a folder without recordings.
    """
    path = Path(path)
    if path.is_dir():
        return "annotations" if root is not None or _has_annotations(path) else "folders"
    if not path.is_file():
        raise UsageError(f"{path} is not there: give {ANY_FORM}")
    if is_recording(os.fspath(path)):
        raise UsageError(f"{path} is a recording: give {ANY_FORM}")
    if path.suffix.lower() not in (".csv", ".tsv", ".txt"):
        return "annotations"
    text = text_of(path)
    if is_segments(text):
        return "segments"
    heading = heading_of(text)
    return "manifest" if is_manifest(heading) and "event_label" not in heading else "annotations"


def _read(
    path: str | os.PathLike[str],
    form: str,
    root: str | os.PathLike[str] | None,
    labels: Sequence[str],
    seconds: float,
    negatives: bool,
) -> Dataset:
    if form == "folders":
        return read_folders(path)
    if form == "annotations":
        return read_annotated(path, root, labels=labels, seconds=seconds, negatives=negatives)
    if form == "manifest":
        return read_manifest(path, root=root, labels=labels)
    return read_segments(path, root)


def _has_annotations(folder: Path) -> bool:
    """Whether annotations are called as recordings, or subfolders cannot be the classes."""
    folder = Path(os.path.abspath(folder))
    recordings = [Path(each.path) for each in find([folder], silent=True)]
    annotations = files_in(folder)
    places = {each.relative_to(folder).parts[:-1][:1] for each in recordings}
    if annotations and (() in places or len(places) == 1):
        return True
    stems = {os.path.splitext(each)[0] for each in recordings}
    return any(not stems.isdisjoint(_stems(os.fspath(file))) for file in annotations)


def _warn_of_spellings(labels: Sequence[str]) -> None:
    """Say which classes are one, perhaps, that was written in two ways."""
    first: dict[str, str] = {}
    for label in labels:
        if (other := first.setdefault(names.form_of(label), label)) != label:
            LOG.warning(
                "warning: %r and %r are two classes: write them in one way if they are one",
                other, label,
            )  # fmt: skip


def _stems(name: str) -> Iterator[str]:
    """A name without its ending, and without more of them, as of `1.Table.1.selections.txt`."""
    while (shorter := os.path.splitext(name)[0]) != name:
        yield shorter
        name = shorter
