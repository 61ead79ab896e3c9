"""Options that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from typing import Any

from ..formats import FORMATS
from .tables import TABLES
from .values import channel, positive, track

Option = tuple[tuple[str, ...], dict[str, Any]]
"""Names and settings of an option, as `add_argument` takes them."""


def option(*names: str, **settings: Any) -> Option:
    """Return an option.

    Args:
        names: such as `-o` and `--output`.
        settings: as for `add_argument`.
    """
    return names, settings


NAMES: list[Option] = [
    option(
        "--files-from",
        metavar="PATH",
        help="file with more names of recordings, one a line; - is stdin",
    ),
    option(
        "-0",
        "--null",
        action="store_true",
        help="names in --files-from end with a NUL, as find -print0 writes them",
    ),
]
"""A list of recordings."""

DECODING: list[Option] = [
    option(
        "--on-error",
        choices=("skip", "raise"),
        default="skip",
        help="go on after a recording that cannot be used, or stop there; default: %(default)s",
    ),
    option(
        "--strict",
        action="store_true",
        help="fail on a file that is cut or not as its header says, instead of warning",
    ),
    option(
        "--track",
        type=track,
        metavar="N",
        help="sound track of a film, from 1, or all, for a result of each; default: the one that "
        "players choose",
    ),
    option(
        "--channel",
        type=channel,
        default="mix",
        metavar="NAME",
        help="mix, left, right, a number from 1, or each, for a result of each; default: mix, the "
        "mean of all",
    ),
    option(
        "--resampler",
        choices=("soxr", "resampy"),
        default="soxr",
        help="soxr or resampy; default: %(default)s",
    ),
    option(
        "--jobs",
        type=positive,
        metavar="N",
        help="decoders at the same time; default: what leaves the cores to the network",
    ),
]
"""How recordings are read."""

READING = [*NAMES, *DECODING]
"""Which recordings are in a list, and how all are read."""

NETWORK: list[Option] = [
    option(
        "--model",
        metavar="NAME",
        help="one of `panns models`, a file of weights that says or shows what it is for, or one "
        "that `panns export` wrote; default: the best one that is here, by mAP, and for "
        "events by what was measured",
    ),
    option(
        "--checkpoint",
        metavar="PATH",
        help="file of weights; without --model, the network it belongs to is found out, where "
        "several fit by the name of the file",
    ),
    option(
        "--device",
        metavar="NAME",
        help="cpu, cuda, cuda:1, mps; default: cuda if it is there, else cpu",
    ),
    option(
        "--precision",
        metavar="NAME",
        default="float32",
        help="float32, bf16 or fp16: what convolutions compute in; default: %(default)s",
    ),
    option(
        "--memory",
        metavar="NAME",
        help="small, one copy of the weights, or default, which is faster from a few minutes of "
        "sound on; without it, small for a single recording of up to a minute",
    ),
    option(
        "--threads",
        type=positive,
        metavar="N",
        help="cores that the network may use; default: all that there are",
    ),
]
"""Which network, which weights, on which device."""

OUTPUT: list[Option] = [
    option("--json", action="store_const", const="json", dest="format", help="the same as -f json"),
    option(
        "-o",
        "--output",
        metavar="PATH",
        help="file to write, or folder with --split; default: stdout. The same command goes on "
        "with a run that was stopped; without -o it begins anew",
    ),
    option(
        "--failed",
        metavar="PATH",
        help="file for the names of recordings that failed, to be run again with --files-from",
    ),
    option(
        "--split",
        action="store_true",
        help="one file a recording, in subfolders like those of the recordings",
    ),
    option("--overwrite", action="store_true", help="replace what is there, and begin anew"),
]
"""Where results go."""

PROCESSING: list[Option] = [
    option(
        "--window",
        type=float,
        metavar="SECONDS",
        help="length of stretches that have results of their own",
    ),
    option(
        "--hop",
        type=float,
        metavar="SECONDS",
        help="from one stretch to the next; default: --window",
    ),
    option(
        "--skip-silence",
        type=float,
        metavar="DB",
        help="samples below this level are silence and are left out; such as -90",
    ),
]
"""What the network processes of a recording."""

CLIPWISE: list[Option] = [
    *PROCESSING,
    option(
        "--min-clip",
        type=float,
        metavar="SECONDS",
        help="put what is shorter, recording or stretch, in the middle of silence of that length; "
        "0: not at all; default: 3 for LeeNet11, else 0",
    ),
]
"""The same for tasks with one answer for a clip."""


def add_groups(parser: argparse.ArgumentParser, groups: Mapping[str, Iterable[Option]]) -> None:
    """Add groups of options.

    Args:
        parser: of a command.
        groups: the options by the title of their group.
    """
    for title, options in groups.items():
        group = parser.add_argument_group(title)
        for names, settings in options:
            group.add_argument(*names, **settings)


def add_task(parser: argparse.ArgumentParser, result: type, **groups: Iterable[Option]) -> None:
    """Add the options of a command that runs a network over recordings.

    Args:
        parser: of the command.
        result: what it gives, for the choice of formats.
        groups: further options.
    """
    able = [name for name, form in FORMATS.items() if result in form.results]
    parser.add_argument(
        "recordings",
        nargs="*",
        metavar="RECORDING",
        help="file of any format, folder with all below it, or pattern; - is a file on stdin",
    )
    form = option(
        "-f",
        "--format",
        choices=able,
        metavar="NAME",
        help=f"{', '.join(able)}; default: what the ending of -o says (.txt could be several), csv "
        "with --split, table on stdout",
    )
    shared = {"reading": READING, "network": NETWORK, "output": [form, *OUTPUT, *TABLES]}
    add_groups(parser, {**shared, "processing": PROCESSING, **groups})
    parser.set_defaults(formats=able)


def clipwise(given: argparse.Namespace) -> dict[str, Any]:
    """Return the options of `CLIPWISE` on a command line.

    Args:
        given: the command line.
    """
    return {**sliding(given), "min_clip": given.min_clip}


def sliding(given: argparse.Namespace) -> dict[str, Any]:
    """Return `window`, `hop` and `skip_silence` of a command line, which all tasks have.

    Args:
        given: the command line.
    """
    return {name: getattr(given, name) for name in ("window", "hop", "skip_silence")}
