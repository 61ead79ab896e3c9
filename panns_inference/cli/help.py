"""`panns help`: what `--help` prints, for those who write it as a command."""

from __future__ import annotations

import argparse

from .parser import Parser

EXAMPLE = "panns help detect"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: of the command.
    """
    parser.add_argument(
        "command", nargs="?", metavar="COMMAND", help="default: all, in a word each"
    )
    parser.add_argument(
        "--man", action="store_true", help="the manual page: panns help --man | man -l -"
    )


def run(given: argparse.Namespace) -> int:
    """Print help.

    Args:
        given: the command line.
    """
    from .command_line import command_parser
    from .commands import parser
    from .manual import page

    if given.man:
        print(page(), end="")
        return 0
    chosen: Parser = command_parser(given.command) if given.command else parser()
    chosen.print_help()
    return 0
