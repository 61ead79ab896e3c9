"""The events of a table cut out of their recordings."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..audio.excerpts import Stretch, excerpts
from ..batch.progress import Failure
from ..errors import AudioError, PathError
from ..events.columns import Class
from ..formats.choice import Choice, most_probable
from ..formats.read import Row, rows_of
from ..formats.sources import found_recordings
from ..names import check_one_of
from .names import names_of_clips
from .sound import FORMATS, opened_clip

if TYPE_CHECKING:
    from os import PathLike

    from soundfile import SoundFile


@dataclass
class Report:
    """What has become of the events of a table.

    Attributes:
        written: paths of the clips that were written.
        n_there: how many were there before; they are left as they are.
        failures: recordings that are missing or cannot be used, and clips that cannot be written.
    """

    written: list[Path] = field(default_factory=list)
    n_there: int = 0
    failures: list[Failure] = field(default_factory=list)


def cut_out(
    table: str | PathLike[str],
    folder: str | PathLike[str],
    *,
    root: str | PathLike[str] | None = None,
    form: str = "wav",
    margin: float = 0.0,
    classes: Collection[Class] | None = None,
    exclude: Collection[Class] = (),
    min_probability: float = 0.0,
    top: int | None = None,
) -> Report:
    """Write the events of a table as files of sound, each class into a folder of its own.

    Samples are those of the recording, at its rate and with all its channels. A file that is there
    is never written over: the same call goes on where another one was stopped.

    Args:
        table: of `panns detect` or `panns tag`: csv, tsv, xlsx, json, jsonl or parquet.
        folder: where the folders of the classes are made.
        root: folder below which the recordings are; None is the current one or that of the table.
        form: 'wav', or 'flac', in which samples have 24 bits at most.
        margin: seconds of sound before and behind an event.
        classes: labels, mids or indices of the classes that are wanted; None is all.
        exclude: classes that are not wanted.
        min_probability: smallest probability of an event.
        top: how many of a class at most, the most probable ones; None is all.

    Raises:
        UsageError: if the table cannot be read, or an argument makes no sense.
        OutputError: if the disk is full, or the folder cannot be made.
    """
    check_one_of(form, FORMATS, "the format of clips")
    choice = Choice(classes, exclude, min_probability)
    rows = [row for row in choice.of(rows_of(table)) if row.event]
    if top is not None:
        rows = most_probable(rows, top)
    names = names_of_clips(rows, f".{form}")
    clips: dict[tuple[str, int | None], list[tuple[Row, Path]]] = defaultdict(list)
    for row, name in zip(rows, names, strict=True):
        clips[row.source, row.track].append((row, Path(folder, name)))
    sources = {source: None for source, _ in clips}
    paths = found_recordings(sources, table, root)
    report = Report()
    for source in sources:
        if source not in paths:
            place = root or f"this folder or {Path(table).parent}"
            cause = (
                f"{source!r}: no such file in {place}; --root names the folder of the recordings"
            )
            report.failures.append(Failure(source, cause))
    for (source, track), wanted in clips.items():
        if source in paths:
            _cut(paths[source], track, wanted, margin, form, report)
    return report


def _cut(
    path: str,
    track: int | None,
    clips: Sequence[tuple[Row, Path]],
    margin: float,
    form: str,
    report: Report,
) -> None:
    """Write the clips of one recording, those that are not there."""
    new = {name: event for row, name in clips if not name.exists() and (event := row.event)}
    report.n_there += len(clips) - len(new)
    stretches = [(event.onset - margin, event.offset + margin) for event in new.values()]
    try:
        written = [[*new][number] for number in _written(path, track, stretches, [*new], form)]
    except (AudioError, PathError) as error:
        report.failures.append(Failure(path, str(error)))
        return
    report.written += written
    if n_behind := len(new) - len(written):
        cause = f"{path!r} ends before {n_behind} of its events: it is not the one of the table"
        report.failures.append(Failure(path, cause))


def _written(
    path: str, track: int | None, stretches: Sequence[Stretch], names: Sequence[Path], form: str
) -> Iterator[int]:
    """Write stretches of a recording, and yield the number of each when it has its name."""
    with contextlib.ExitStack() as stack:
        clips: dict[int, tuple[contextlib.ExitStack, SoundFile]] = {}
        for part in excerpts(path, stretches, track):
            number = part.number
            if number not in clips:
                one = stack.enter_context(contextlib.ExitStack())
                onset, offset = stretches[number]
                clip = opened_clip(names[number], part, form, offset - onset)
                clips[number] = one, one.enter_context(clip)
            one, sound = clips[number]
            sound.write(part.samples)
            if part.is_last:
                one.close()
                del clips[number]
                yield number
