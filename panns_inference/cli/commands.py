"""The commands of `panns`, and the parser of its command line."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from .. import __version__
from ..terminal import printable

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

COMMANDS = {
    "tag": "print which sounds recordings hold",
    "detect": "print which sounds recordings hold, and when",
    "embed": "turn recordings into vectors, for search or a classifier",
    "clips": "cut the events of a table out of their recordings, as files of sound",
    "models": "list the networks; download, verify or find their published weights",
    "export": "write a network with its weights as one file for other programs",
    "labels": "list the 527 classes of AudioSet",
    "doctor": "print what is installed, readable and downloaded, or how recordings are made",
}
"""The commands, each with a module of its name, and what they do.

A module has an `EXAMPLE` for the end of its help, `add_options` for a parser, and `run`.
"""

EPILOG = """\
examples:
  panns tag street.flac              which sounds, the ten most probable
  panns detect -f srt street.flac    which sounds and when, as subtitles
  panns models                       the networks, what they cost, what is downloaded
"""

STYLE: dict[str, Any] = {
    "formatter_class": argparse.RawDescriptionHelpFormatter,
    "allow_abbrev": False,
}
"""Examples keep their lines, and options have one name."""


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


class CommandParser(Parser):
    """The parser of one command: it gets its options when they are needed."""

    command: str
    """Its name."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse what stands behind the name of the command.

        Args:
            args: as for any parser.
            namespace: as for any parser.
        """
        self.add_options()
        return super().parse_known_args(args, namespace)

    def add_options(self) -> None:
        """Add the description of the command, the options that all have, and its own."""
        module = import_module(f".{self.command}", __package__)
        summary = COMMANDS[self.command]
        self.description = f"{summary[0].upper()}{summary[1:]}."
        self.epilog = f"example:\n  {module.EXAMPLE}"
        general = self.add_argument_group("general")
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
        module.add_options(self)
        self.set_defaults(run=module.run)


def parser() -> Parser:
    """Return the parser of the whole command line."""
    parser = Parser(
        prog="panns",
        description="Sound tagging and sound event detection with networks pretrained on AudioSet.",
        epilog=EPILOG,
        **STYLE,
    )
    parser.add_argument("--version", action="version", version=f"panns {__version__}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=CommandParser
    )
    for name, summary in COMMANDS.items():
        commands.add_parser(name, help=summary, **STYLE).command = name
    return parser
