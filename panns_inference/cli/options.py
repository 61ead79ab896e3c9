"""Options that several commands share."""

from __future__ import annotations

import argparse
from typing import Any

from ..formats import FORMATS

Commands = Any
"""What `argparse` calls its subparsers; it has no public type."""

PROCESSING = (
    ("--window", "SECONDS", "length of stretches that have results of their own"),
    ("--hop", "SECONDS", "from one stretch to the next; default: --window"),
    ("--skip-silence", "DB", "samples below this level are silence and are left out; such as -90"),
)
"""Option, unit and meaning of the settings that all tasks have."""


def sliding(given: argparse.Namespace) -> dict[str, Any]:
    """Return `window`, `hop` and `skip_silence` of a command line, which all tasks have.

    Args:
        given: the command line.
    """
    return {name: getattr(given, name) for name in ("window", "hop", "skip_silence")}


def count(text: str) -> int:
    """Return a number of things, 0 or more.

    Args:
        text: what the user wrote.
    """
    if (number := int(text)) < 0:
        raise argparse.ArgumentTypeError(f"{text} is less than none")
    return number


def positive(text: str) -> int:
    """Return a number of things, 1 or more.

    Args:
        text: what the user wrote.
    """
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than one")
    return number


def probability(text: str) -> float:
    """Return a probability, 0 to 1.

    Args:
        text: what the user wrote.
    """
    if not 0 <= (number := float(text)) <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no probability: give 0 to 1")
    return number


def track(text: str) -> int | str:
    """Return the number of a sound track, from 1, or `all`.

    Args:
        text: what the user wrote.
    """
    return text if text == "all" else _numbered(text, "sound track", "all")


def channel(text: str) -> int | str:
    """Return a channel: its name, its number from 1, `each`, or `mix`.

    Args:
        text: what the user wrote.
    """
    names = ("mix", "left", "right", "each")
    return text if text in names else _numbered(text, "channel", ", ".join(names))


def _numbered(text: str, kind: str, names: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no {kind}: give {names} or a number from 1")
    return int(text)


def command(commands: Commands, name: str, summary: str, example: str) -> argparse.ArgumentParser:
    """Return a new command with the options that all have.

    Args:
        commands: where it is added.
        name: the word behind `panns`.
        summary: what it does, in one line.
        example: lines for the end of its help.
    """
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    general = parser.add_argument_group("general")
    louder = general.add_mutually_exclusive_group()
    louder.add_argument(
        "-q",
        "--quiet",
        action="store_const",
        const=-2,
        dest="verbosity",
        default=0,
        help="show errors only",
    )
    louder.add_argument("-v", "--verbose", action="count", dest="verbosity", help="show more")
    general.add_argument("--offline", action="store_true", help="never touch the network")
    return parser


def task(
    commands: Commands, name: str, summary: str, example: str, result: type
) -> argparse.ArgumentParser:
    """Return a new command that runs a network over recordings.

    Args:
        commands: where it is added.
        name: of the task.
        summary: what it does, in one line.
        example: lines for the end of its help.
        result: what it gives, for the choice of formats.
    """
    parser = command(commands, name, summary, example)
    _add_recordings(parser)
    _add_network(parser)
    _add_output(parser, result)
    _add_processing(parser)
    return parser


def _add_recordings(parser: argparse.ArgumentParser) -> None:
    """RECORDING... and how they are read."""
    parser.add_argument(
        "recordings",
        nargs="*",
        metavar="RECORDING",
        help="file of any format, folder with all below it, or pattern; - is a file on stdin",
    )
    group = parser.add_argument_group("reading")
    group.add_argument(
        "--files-from",
        metavar="PATH",
        help="file with more names of recordings, one a line; - is stdin",
    )
    group.add_argument(
        "-0",
        "--null",
        action="store_true",
        help="names in --files-from end with a NUL, as find -print0 writes them",
    )
    # Where an option looks like a number, argparse takes each negative number for an option: -90 is
    # the value of --skip-silence.
    parser._has_negative_number_optionals.clear()
    group.add_argument(
        "--on-error",
        choices=("skip", "raise"),
        default="skip",
        help="go on after a recording that cannot be used, or stop there; default: %(default)s",
    )
    group.add_argument(
        "--strict",
        action="store_true",
        help="fail on a file that is cut or not as its header says, instead of warning",
    )
    group.add_argument(
        "--track",
        type=track,
        metavar="N",
        help="sound track of a film, from 1, or all, for a result of each; default: the one that "
        "players choose",
    )
    group.add_argument(
        "--channel",
        type=channel,
        default="mix",
        metavar="NAME",
        help="mix, left, right, a number from 1, or each, for a result of each; default: mix, the "
        "mean of all",
    )
    group.add_argument(
        "--resampler",
        choices=("soxr", "resampy"),
        default="soxr",
        help="soxr or resampy; default: %(default)s",
    )
    group.add_argument(
        "--jobs",
        type=positive,
        metavar="N",
        help="decoders at the same time; default: what leaves the cores to the network",
    )


def _add_network(parser: argparse.ArgumentParser) -> None:
    """Which network, which weights, on which device."""
    group = parser.add_argument_group("network")
    group.add_argument(
        "--model",
        metavar="NAME",
        help="one of `panns models`, or a file that `panns export` wrote; default: the best one "
        "that is here",
    )
    group.add_argument(
        "--checkpoint",
        metavar="PATH",
        help="file of weights; without --model, the network it belongs to is found out",
    )
    group.add_argument(
        "--device",
        metavar="NAME",
        help="cpu, cuda, cuda:1, mps; default: cuda if it is there, else cpu",
    )
    group.add_argument(
        "--precision",
        metavar="NAME",
        default="float32",
        help="float32, bf16 or fp16: what convolutions compute in; default: %(default)s",
    )
    group.add_argument(
        "--memory",
        metavar="NAME",
        help="small, one copy of the weights, or default, which is faster from a few minutes of "
        "sound on; without it, small for a single recording of up to a minute",
    )
    group.add_argument(
        "--threads",
        type=positive,
        metavar="N",
        help="cores that the network may use; default: all that there are",
    )


def _add_processing(parser: argparse.ArgumentParser) -> None:
    """What the network processes of a recording."""
    group = parser.add_argument_group("processing")
    for option, unit, meaning in PROCESSING:
        group.add_argument(option, type=float, metavar=unit, help=meaning)


def _add_output(parser: argparse.ArgumentParser, result: type) -> None:
    """Format and place of the results."""
    able = [name for name, form in FORMATS.items() if result in form.results]
    group = parser.add_argument_group("output")
    group.add_argument(
        "-f",
        "--format",
        choices=able,
        default="table",
        metavar="NAME",
        help=f"{', '.join(able)}; default: %(default)s",
    )
    group.add_argument(
        "--json", action="store_const", const="json", dest="format", help="the same as -f json"
    )
    group.add_argument(
        "-o",
        "--output",
        metavar="PATH",
        help="file to write, or folder with --split; default: stdout. The same command goes on "
        "with a run that was stopped",
    )
    group.add_argument(
        "--split",
        action="store_true",
        help="one file a recording, in subfolders like those of the recordings",
    )
    group.add_argument(
        "--overwrite", action="store_true", help="replace what is there, and begin anew"
    )
    group.add_argument(
        "--raw",
        action="store_true",
        help="with -f csv: names and labels exactly as they are; without it, one that a "
        "spreadsheet would take for a formula gets a ' in front",
    )
