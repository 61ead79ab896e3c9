"""The commands of `panns`, and the parser of its command line."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, NoReturn

from .. import __version__
from ..terminal import printable
from . import detect, doctor, embed, export, labels, models, tag

COMMANDS = (tag, detect, embed, models, export, labels, doctor)

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

EPILOG = """\
examples:
  panns tag street.flac              which sounds, the ten most probable
  panns detect -f srt street.flac    which sounds and when, as subtitles
  panns models                       the networks, what they cost, what is downloaded
"""


class Parser(argparse.ArgumentParser):
    """A parser whose messages hold no control characters, and that fails if help is not written."""

    def error(self, message: str) -> NoReturn:
        """Print one line on what is wrong with a command line, and end the program.

        Args:
            message: what is wrong.
        """
        self.exit(2, f"{self.prog}: error: {printable(message)}; see --help\n")

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        if file is sys.stdout:
            # The parser of Python takes help that could not be written for written.
            print(message, end="", flush=True)
        else:
            super()._print_message(message, file)


def parser() -> Parser:
    """Return the parser of the whole command line."""
    parser = Parser(
        prog="panns",
        description="Sound tagging and sound event detection with networks pretrained on AudioSet.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"panns {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_to(commands)
    return parser
