"""Options that several commands share."""

from __future__ import annotations

import argparse
from typing import Any

from ..formats import FORMATS

Commands = Any
"""What `argparse` calls its subparsers; it has no public type."""


def count(text: str) -> int:
    """A number of things, 0 or more.

    Args:
        text: what the user wrote.
    """
    if (number := int(text)) < 0:
        raise argparse.ArgumentTypeError(f"{text} is less than none")
    return number


def probability(text: str) -> float:
    """A probability, 0 to 1.

    Args:
        text: what the user wrote.
    """
    if not 0 <= (number := float(text)) <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no probability: give 0 to 1")
    return number


def command(commands: Commands, name: str, summary: str, example: str) -> argparse.ArgumentParser:
    """A new command with the options that all have.

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


def add_recordings(parser: argparse.ArgumentParser) -> None:
    """FILE... and how it is read.

    Args:
        parser: of the command.
    """
    parser.add_argument(
        "recordings", nargs="+", metavar="FILE", help="recording of any format; - is stdin"
    )
    group = parser.add_argument_group("reading")
    group.add_argument(
        "--strict", action="store_true", help="fail on a file that is cut, instead of warning"
    )
    group.add_argument(
        "--resampler",
        choices=("soxr", "resampy"),
        default="soxr",
        help="soxr or resampy; default: %(default)s",
    )


def add_network(parser: argparse.ArgumentParser) -> None:
    """Which network, which weights, on which device.

    Args:
        parser: of the command.
    """
    group = parser.add_argument_group("network")
    group.add_argument(
        "--model", metavar="NAME", help="one of `panns models`; default: the best one that is here"
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


def add_output(parser: argparse.ArgumentParser, result: type) -> None:
    """Format and place of the results.

    Args:
        parser: of the command.
        result: what the command gives, for the choice of formats.
    """
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
        help="file to write, or a folder for one file a recording; default: stdout",
    )
    group.add_argument("--overwrite", action="store_true", help="replace files that are there")
