"""`panns plot`: pictures of which sounds there are, and when."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from . import detect, known_names, options, values, wanted
from .inputs import named_inputs
from .model import open_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..audio import Clock
    from ..batch.progress import Progress
    from ..errors import PathError
    from ..pictures.output import Target

LOG = logging.getLogger("panns_inference")

EXAMPLE = "panns plot street.flac -o street.png"

FORMATS = ("png", "svg", "pdf", "html")
"""What a picture can be: the ending of its file says it."""

CLASSES, CALENDARS = 10, 4
"""How many classes a picture of a recording shows, and how many a calendar."""

NARROWEST = 2
"""Inches that a picture must have, for its labels and something beside them."""

PICTURE = [
    options.option(
        "-o",
        "--output",
        required=True,
        metavar="PATH",
        help=f"file to write: {', '.join(FORMATS)} by its ending; with --split a folder",
    ),
    options.option(
        "-f",
        "--format",
        choices=FORMATS,
        help="format of the pictures; default: by the ending of --output, png with --split",
    ),
    options.option(
        "--split",
        action="store_true",
        help="one picture a recording, in subfolders like those of the recordings",
    ),
    options.option("--overwrite", action="store_true", help="replace what is there"),
    options.option(
        "--calendar",
        action="store_true",
        help="how many events there are, hour by hour and day by day, by the time of day at which "
        "recordings began",
    ),
    options.option(
        "--top",
        type=values.positive,
        metavar="N",
        help=f"how many classes are shown; default: {CLASSES}, {CALENDARS} in a calendar",
    ),
    options.option(
        "--sound",
        choices=("spectrogram", "waveform", "none"),
        default="spectrogram",
        help="what is shown over the classes: spectrogram, waveform or none; default: %(default)s",
    ),
    options.option(
        "--style", choices=("light", "dark"), default="light", help="light or dark; default: light"
    ),
    options.option(
        "--width",
        type=values.positive,
        default=1000,
        metavar="PIXELS",
        help="of a picture; its height follows from what there is to show; default: %(default)s",
    ),
    options.option(
        "--dpi",
        type=values.positive,
        default=100,
        metavar="N",
        help="pixels of an inch: more of them make letters and lines larger; default: %(default)s",
    ),
]


CLOCK = [
    options.option(
        "--clock-pattern",
        metavar="PATTERN",
        help="how names of recordings state when they began, by the codes of strptime, such as "
        "%%Y%%m%%d_%%H%%M%%S; default: as headers or names of the usual recorders do",
    ),
    options.option(
        "--time-zone",
        metavar="ZONE",
        help="of times that come without one, such as Europe/Berlin or +02:00; others are "
        "converted to it",
    ),
]
"""When recordings began."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: of the command.
    """
    parser.add_argument(
        "recordings",
        nargs="*",
        metavar="INPUT",
        help="recording, folder or pattern; or a table that `panns detect` or `panns tag` wrote "
        "(csv, tsv, xlsx, json, jsonl, parquet), which needs no network",
    )
    options.add_groups(
        parser,
        {
            "picture": PICTURE,
            "tables": [wanted.MIN_PROBABILITY, wanted.ROOT],
            "clock": CLOCK,
            "reading": options.READING,
            "network": options.NETWORK,
            "processing": options.PROCESSING,
            "events": detect.EVENTS,
        },
    )
    parser._has_negative_number_optionals.clear()


def run(given: argparse.Namespace) -> int:
    """Write the pictures; return 1 if a recording has failed.

    Args:
        given: the command line.
    """
    from ..pictures.tables import is_table

    inputs = named_inputs(given)
    if "-" in inputs:
        raise UsageError("a picture is of files: stdin cannot be shown")
    target = _target(given)
    tables = [name for name in inputs if is_table(name)]
    if tables and len(tables) < len(inputs):
        raise UsageError("name either recordings or tables of events, not both")
    return (_of_tables if tables else _of_recordings)(given, inputs, target)


def _target(given: argparse.Namespace) -> Target:
    from ..pictures.output import Target
    from ..plot.drawing import Settings

    ending = Path(given.output).suffix[1:].lower()
    form = given.format or ("png" if given.split else ending)
    if form not in FORMATS:
        raise UsageError(
            f"{given.output} has none of the endings {', '.join(FORMATS)}: give it one, or --format"
        )
    if given.split and given.calendar:
        raise UsageError("a calendar is one picture of all recordings: leave --split out")
    if given.output == "-":
        raise UsageError("a picture goes into a file: give its name")
    if given.width < NARROWEST * given.dpi:
        raise UsageError(
            f"--width {given.width} has no room for a picture: give {NARROWEST * given.dpi} or more"
        )
    top = given.top or (CALENDARS if given.calendar else CLASSES)
    settings = Settings(top, given.style, given.sound, given.width / given.dpi)
    return Target(Path(given.output), form, settings, given.split, given.overwrite, given.dpi)


def _clock(given: argparse.Namespace) -> Clock:
    from ..audio import Clock

    return Clock(given.clock_pattern, given.time_zone)


def _of_tables(given: argparse.Namespace, tables: Sequence[str], target: Target) -> int:
    from ..batch.progress import progress_of
    from ..formats.choice import Choice
    from ..pictures.tables import counted_in_tables, groups_of, shown_groups

    choice = Choice(given.classes, given.exclude or (), given.min_probability)
    if given.calendar:
        target.check(1)
        hours = counted_in_tables(tables, choice, given.root, _clock(given))
        target.write_one(hours.draw(target.settings))
        return 0
    groups = groups_of(tables, choice, given.root, _clock(given))
    target.check(len(groups))
    recordings = [group.recording for group in groups]
    with progress_of(recordings, given.verbosity >= 0) as counted:
        shown = shown_groups(groups, target.settings, counted, given.on_error)
        refused = target.write(shown, recordings)
    return _status(refused, counted)


def _of_recordings(given: argparse.Namespace, inputs: Sequence[str], target: Target) -> int:
    from ..audio import Reading
    from ..batch import find
    from ..batch.progress import progress_of
    from ..batch.recording import split_channels
    from ..batch.run import none_is_there
    from ..pictures.recordings import counted_in_recordings, shown_recordings

    reading = Reading(given.resampler, given.strict, given.track, given.channel, _clock(given))
    recordings = split_channels(find(inputs), reading)
    target.check(1 if given.calendar else len(recordings))
    known_names.check(given)
    make_task = detect.make_task(given, framewise=not given.calendar)
    if none_is_there(recordings, given.on_error):
        return 1
    task = make_task(open_model(given, "framewise_output", inputs))
    shows, on_error = given.verbosity >= 0, given.on_error
    if given.calendar:
        with progress_of(recordings, shows) as counted:
            hours = counted_in_recordings(task, recordings, reading, given.jobs, counted, on_error)
        target.write_one(hours.draw(target.settings))
        return 1 if counted.failures else 0
    with progress_of(recordings, shows) as counted:
        shown = shown_recordings(task, recordings, reading, target.settings, counted, on_error)
        refused = target.write(shown, recordings, inputs)
    return _status(refused, counted)


def _status(refused: Sequence[PathError], counted: Progress) -> int:
    for error in refused:
        LOG.error("error: %s", error)
    return 1 if refused or counted.failures else 0
