"""The commands of `panns`, and the parsers of its command line.

They are those of the standard library. With click or Typer `panns --help` would start later by what
these take to be imported, and the lines that are saved are few: most of what is here is what this
program says, not how a command line is read.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from .. import __version__
from .parser import Parser, shown, shown_name

COMMANDS = {
    "tag": "print which sounds recordings hold",
    "detect": "print which sounds recordings hold, and when",
    "embed": "turn recordings into vectors, for search or a classifier",
    "plot": "draw which sounds recordings hold, and when",
    "clips": "cut the events of a table out of their recordings, as files of sound",
    "search": "find the sounds of a folder that are like an example",
    "summary": "print how long and how often sounds are there, an hour, a day, a file",
    "eval": "compare events or tags with annotations: F1, error rate, average precision",
    "transfer": "learn the classes of your own recordings, and judge what was learnt",
    "tune": "choose the rules for events by recordings with annotations",
    "pack": "decode clips with classes once, for training that reads them many times",
    "train": "let a network learn labelled clips, as PANNs learnt AudioSet",
    "models": "list the networks; download, verify, find or delete their published weights",
    "export": "write a network with its weights as one file for other programs",
    "labels": "list the 527 classes of AudioSet",
    "doctor": "print what is installed, readable and downloaded, or how recordings are made",
    "completion": "print what makes a shell complete command lines of panns",
    "help": "print the options of a command",
}
"""The commands, each with a module of its name, and what they do.

A module has an `EXAMPLE` for the end of its help, `add_options` for a parser, and `run`.
"""

PLAIN = frozenset({"completion", "help"})
"""Those that have none of the options that are for all."""

EPILOG = """\
examples:
  panns tag street.flac              which sounds, the ten most probable
  panns detect -f srt street.flac    which sounds and when, as subtitles
  panns models                       the networks, what they cost, what is downloaded
"""

VERSION = f"panns {__version__}"


class CommandParser(Parser):
    """The parser of one command, with the options that all have, and its own.

    Args:
        command: its name.
    """

    def __init__(self, command: str) -> None:
        module = import_module(f".{command}", __package__)
        summary = COMMANDS[command]
        super().__init__(
            prog=f"panns {command}",
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog=f"example:\n  {module.EXAMPLE}",
        )
        self.command = command
        if command in PLAIN:
            self.set_defaults(offline=False, verbosity=0)
        else:
            self._add_general()
        module.add_options(self)
        self._add_opposites()
        self.set_defaults(run=module.run)
        self.usage = f"{self.prog} [OPTION ...]{self._places()}"
        self.needed = [each for each in self._actions if each.required and each.option_strings]
        for option in self.needed:
            option.required = False

    @property
    def defaults(self) -> dict[str, Any]:
        """What stands for what is not given, by its name in a parsed command line."""
        return {name: self.get_default(name) for name in (*self._names(), *self._defaults)}

    def given(self, words: Sequence[str]) -> dict[str, Any]:
        """Return what words give, by its name in a parsed command line.

        Args:
            words: options and arguments of the command, in any order.

        Raises:
            SystemExit: if they are wrong, or want help.
        """
        for word in itertools.takewhile(lambda word: word != "--", words):
            # -output would be the short -o with a value.
            if word[:1] == "-" != word[1:2] and self.option(f"-{word}"):
                self.refuse([word])
        nothing = argparse.Namespace(**dict.fromkeys(self._names()))
        given, unknown = self.parse_known_intermixed_args(words, nothing)
        if unknown:
            self.refuse(unknown)
        return {name: value for name, value in vars(given).items() if value is not None}

    def complete(self, values: dict[str, Any]) -> argparse.Namespace:
        """Return all values that a command line has.

        Args:
            values: those that the user gave, wherever that was.

        Raises:
            SystemExit: if an option that the command needs is not among them.
        """
        for option in self.needed:
            if option.dest not in values:
                self.error(f"{shown_name(option)} is needed")
        return argparse.Namespace(**{**self.defaults, **values})

    def idea_for(self, name: str) -> str:
        """Return what may have been meant by an option that the command has not.

        Args:
            name: of the option.
        """
        others = (each for each in COMMANDS if CommandParser(each).option(name))
        return super().idea_for(name) or next((f"; panns {each} has one" for each in others), "")

    def _names(self) -> list[str]:
        return [each.dest for each in self._actions if each.dest != argparse.SUPPRESS]

    def _add_general(self) -> None:
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
        general.add_argument(
            "--config",
            metavar="PATH",
            help="file of options, instead of panns.toml and pyproject.toml",
        )
        general.add_argument("--no-config", action="store_true", help="read no file of options")
        general.add_argument(
            "--save-config",
            metavar="PATH",
            help="write the options of this command line to a file, and do nothing else",
        )
        general.add_argument(
            "-V", "--version", action="version", version=VERSION, help="print the version"
        )

    def _add_opposites(self) -> None:
        """Let each switch be switched off, as `--no-split`: what a configuration file may need."""
        for action in [*self._actions]:
            is_switch = isinstance(action, argparse._StoreTrueAction)
            if is_switch and not shown_name(action).startswith("--no-"):
                self.add_argument(
                    *(f"--no-{name[2:]}" for name in action.option_strings if name[:2] == "--"),
                    action="store_false",
                    dest=action.dest,
                    default=False,
                    help=argparse.SUPPRESS,
                )

    def _places(self) -> str:
        """What stands in the usage for arguments that are no options."""
        shapes: dict[Any, str] = {None: " {}", "?": " [{}]", "*": " [{} ...]", "+": " {} ..."}
        return "".join(
            shapes[action.nargs].format(action.metavar or "|".join(action.choices or ()))
            for action in shown(self._get_positional_actions())
        )


def parser() -> Parser:
    """Return the parser of a command line without a command: it prints help and the version."""
    width = max(map(len, COMMANDS)) + 2
    lines = "\n".join(f"  {name:<{width}}{summary}" for name, summary in COMMANDS.items())
    parser = Parser(
        prog="panns",
        usage="panns COMMAND [OPTION ...] [ARGUMENT ...]",
        description="Sound tagging and sound event detection with networks pretrained on AudioSet.",
        epilog=f"commands:\n{lines}\n\n{EPILOG}",
    )
    parser.add_argument(
        "-V", "--version", action="version", version=VERSION, help="print the version"
    )
    return parser
