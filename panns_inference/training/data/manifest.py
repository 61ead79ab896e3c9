"""A table of clips, one a row: which recording, what sounds in it, and for what it is used.

    path,labels,onset,offset,split,fold
    yard/1.wav,Dog;Rain,0,10,train,1
    yard/2.flac,,,,test,2

| column | other names | what is in it |
| --- | --- | --- |
| path | filename, file | relative to the folder of the table or to the present one, or absolute |
| labels | label, class, category, target | one or several, with `;` or a new line between them |
| mids | mid | the identifiers of the labels in their order, or instead of them |
| onset, offset | start, end; start_seconds, end_seconds | a stretch of the recording, in seconds |
| split, fold | | of the data set |
| confirmed | | yes, the labels are right; no, none of them sounds; empty, the row is left out |

Only the path and one of labels and mids are needed; other columns are left alone. The lists of
most published data sets are such tables. A cell without a label says that no class sounds, and a
label that itself has a `;` stands in quotes, as a cell of CSV does: `"Dog; far";Rain`.
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ...audioset import labels as audioset_labels
from ...audioset import mids as audioset_mids
from ...errors import UsageError
from ...files import atomic_write
from ...formats.csv import unmarked
from ...formats.sources import found_recordings
from .clips import Clip, Dataset, dataset
from .tables import heading_of, rows_of, text_of

COLUMNS: Mapping[str, Sequence[str]] = {
    "path": ("path", "filename", "file"),
    "labels": ("labels", "label", "class", "category", "target"),
    "mids": ("mids", "mid"),
    "onset": ("onset", "start", "start_seconds"),
    "offset": ("offset", "end", "end_seconds"),
    "split": ("split",),
    "fold": ("fold",),
    "confirmed": ("confirmed",),
}
"""What a column may be called, the first that is there."""

CONFIRMED: Mapping[str, bool | None] = {
    **dict.fromkeys(("yes", "y", "true", "1", "1.0"), True),
    **dict.fromkeys(("no", "n", "false", "0", "0.0"), False),
    "": None,
}
"""What may stand in a cell of that column, as people, spreadsheets and pandas write it."""

SEPARATOR = ";"
"""Between the labels of a clip."""

END = "\r\n"
"""Of a row: so that both are quoted in every version of Python."""

LABEL_OF = dict(zip(audioset_mids, audioset_labels, strict=True))
"""Display names of AudioSet's classes by their mids."""


def is_manifest(heading: Collection[str]) -> bool:
    """Return whether a table is one of clips.

    Args:
        heading: names of its columns, in small letters.
    """
    names = _names(heading)
    return "path" in names and bool({"labels", "mids"} & names.keys())


def read_manifest(
    path: str | os.PathLike[str],
    *,
    root: str | os.PathLike[str] | None = None,
    labels: Sequence[str] = (),
) -> Dataset:
    """Return the clips of a table.

    Args:
        path: of a table of text, as above.
        root: folder to which its paths are relative; None is that of the table. Recordings that are
            not there are found as `panns clips` finds those of its tables: from the present folder,
            or below the root without the first folders of their names.
        labels: the classes in their order; none for those of the clips, sorted.

    Raises:
        UsageError: if it cannot be read, has no path or no labels, a row makes no sense, there is
            no clip, or a class is not among the labels.
    """
    folder = Path(path).parent if root is None else Path(root)
    found = of_text(text_of(path), os.fspath(path), folder, labels)
    named = {
        each: str(each.relative_to(folder) if each.is_relative_to(folder) else each)
        for each in {clip.path for clip in found.clips}
    }
    missing = {each for each in named if not os.path.isfile(each)}
    if not missing:
        return found
    places = found_recordings(named.values(), path, root)
    moved = {each: Path(places.get(named[each], each)) for each in missing}
    clips = [replace(clip, path=moved.get(clip.path, clip.path)) for clip in found.clips]
    return replace(found, clips=tuple(clips))


def of_text(text: str, name: str, folder: Path, labels: Sequence[str] = ()) -> Dataset:
    """Return the clips of a table that was read.

    Args:
        text: the table.
        name: of its file, for messages.
        folder: to which its paths are relative.
        labels: as for `read_manifest`.

    Raises:
        UsageError: as `read_manifest`.
    """
    names = _names(heading_of(text))
    if "path" not in names or not {"labels", "mids"} & names.keys():
        wanted = " and ".join(" or ".join(COLUMNS[column]) for column in ("path", "labels"))
        there = ", ".join(heading_of(text)) or "none"
        raise UsageError(
            f"{name} is no table of clips: it needs the columns {wanted}, and has {there}"
        )
    clips, mids, number = [], dict[str, str](), 1
    try:
        for number, row in rows_of(text):  # noqa: B007 the error has it
            cells = {column: unmarked(row[cell]) for column, cell in names.items()}
            if (is_confirmed := _is_confirmed(cells)) is not None:
                clip = _clip(cells, folder, mids)
                clips.append(clip if is_confirmed else replace(clip, labels=()))
    except ValueError as error:
        raise UsageError(f"{name}, line {number}: {error}") from error
    except csv.Error as error:
        raise UsageError(f"{name} is no table: {error}") from error
    return labelled(clips, labels, mids)


def labelled(clips: Sequence[Clip], labels: Sequence[str], mids: Mapping[str, str]) -> Dataset:
    """Return clips as a data set whose classes may have mids.

    Args:
        clips: the clips.
        labels: the classes in their order; none for those of the clips, sorted.
        mids: those that are known, by label; they are kept if all classes have one.

    Raises:
        UsageError: as `dataset`.
    """
    found = dataset(clips, labels)
    has_all = all(label in mids for label in found.labels)
    return replace(found, mids=tuple(mids[label] for label in found.labels)) if has_all else found


def write_manifest(data: Dataset, path: str | os.PathLike[str]) -> None:
    """Write the clips of a data set as a table; what is there is replaced.

    `read_manifest(path, labels=data.labels)` gives the data set again.

    Args:
        data: the clips; paths below the folder of the table are written relative to it.
        path: of the table.

    Raises:
        UsageError: if a label cannot stand in a table: with white space at an end.
        OutputError: if the table cannot be written.
    """
    check_names(data)
    mids = dict(zip(data.labels, data.mids, strict=True)) if data.mids else {}
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator=END)
    left_out = ("confirmed",) if mids else ("confirmed", "mids")
    table.writerow([column for column in COLUMNS if column not in left_out])
    for clip in data.clips:
        table.writerow(
            [
                _relative(clip.path, Path(path).parent),
                _joined(clip.labels),
                *([_joined([mids[label] for label in clip.labels])] if mids else []),
                clip.onset,
                "" if clip.offset is None else clip.offset,
                clip.split,
                clip.fold,
            ]
        )
    with atomic_write(path, binary=True) as file:
        file.write(text.getvalue().encode("utf-8", "surrogateescape"))


def check_names(data: Dataset) -> None:
    """Refuse classes that a table cannot hold.

    Args:
        data: of the classes.

    Raises:
        UsageError: if a label or mid has white space at an end, or is empty.
    """
    for name in (*data.labels, *data.mids):
        if name != name.strip() or not name:
            raise UsageError(
                f"{name!r} cannot stand in a table of clips, where spaces around the names of "
                "classes do not count: call the class otherwise"
            )


def _names(heading: Collection[str]) -> dict[str, str]:
    """The columns of a table that say something, and what they are called in it."""
    found = {
        column: next((name for name in names if name in heading), None)
        for column, names in COLUMNS.items()
    }
    return {column: name for column, name in found.items() if name is not None}


def _clip(cells: Mapping[str, str], folder: Path, mids: dict[str, str]) -> Clip:
    if not cells["path"]:
        raise ValueError("it names no recording")
    onset = _seconds(cells.get("onset", "")) or 0.0
    offset = _seconds(cells.get("offset", ""))
    if offset is not None and offset <= onset:
        raise ValueError(f"a clip from {onset} to {offset} s is none")
    return Clip(
        path=folder / cells["path"],
        labels=_labels(cells, mids),
        onset=onset,
        offset=offset,
        split=cells.get("split", ""),
        fold=cells.get("fold", ""),
    )


def _is_confirmed(cells: Mapping[str, str]) -> bool | None:
    """Whether the labels of a row are right; None where nobody has said."""
    said = cells.get("confirmed", "yes").strip()
    if said.casefold() not in CONFIRMED:
        raise ValueError(f"confirmed is {said!r}: write yes or no, or nothing to leave the row out")
    return CONFIRMED[said.casefold()]


def _labels(cells: Mapping[str, str], known: dict[str, str]) -> tuple[str, ...]:
    """The labels of a row; their mids are added to those that are known."""
    mids = _several(cells.get("mids", ""))
    labels = _several(cells["labels"]) if "labels" in cells else [LABEL_OF.get(m, m) for m in mids]
    if mids and len(mids) != len(labels):
        raise ValueError(f"{len(mids)} mids do not fit {len(labels)} labels")
    for label, mid in zip(labels, mids, strict=False):
        if known.setdefault(label, mid) != mid:
            raise ValueError(f"{label!r} has the mids {known[label]} and {mid}")
    return tuple(dict.fromkeys(labels))


def _several(text: str) -> list[str]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=SEPARATOR, skipinitialspace=True)
    return [each.strip() for row in rows for each in row if each.strip()]


def _joined(names: Sequence[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=SEPARATOR, lineterminator=END).writerow(names)
    return text.getvalue().removesuffix(END)


def _seconds(text: str) -> float | None:
    """A time, with a point or a comma; None for none."""
    if not text.strip():
        return None
    try:
        seconds = float(text.replace(",", "."))
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise ValueError(f"{text.strip()} is no time in seconds")
    return seconds


def _relative(path: Path, folder: Path) -> str:
    path, folder = path.absolute(), folder.absolute()
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)
