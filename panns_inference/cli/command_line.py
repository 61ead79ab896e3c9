"""A command line: which command it is, and what it gives.

Options may stand in front of the command, too. What stands there is read by the options that the
command has: in `panns --model tag tag x.wav` the first `tag` is the name of a network.

A value is that of the command line, else of a configuration file, else the default.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from ..errors import UsageError
from . import configuration
from .commands import COMMANDS, PLAIN, CommandParser, parser
from .saved_options import save
from .suggestions import did_you_mean, nearest

GENERAL = frozenset({"-h", "--help", "-V", "--version"})
"""Options that need no command."""


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Return what a command line gives: the values of all options, and `run`.

    Args:
        words: what stands behind `panns`.

    Raises:
        SystemExit: if it is wrong, or wants help.
        UsageError: if a configuration file is wrong.
    """
    if not words:
        parser().print_help()
        raise SystemExit(0)
    for place, word in enumerate(words):
        if word in COMMANDS:
            chosen = CommandParser(word)
            if _are_options(chosen, words[:place]):
                return _values(chosen, [*words[:place], *words[place + 1 :]])
    if words[0] in GENERAL:
        return parser().parse_args(words[:1])
    return _refuse(words)


def run(given: argparse.Namespace) -> int:
    """Run a command; return its exit status.

    Args:
        given: the command line.

    Raises:
        UsageError: if a value is wrong; where it stands in a file, the message says in which.
    """
    try:
        status: int = given.run(given)
    except UsageError as error:
        for option, path in given.origins.items():
            if any(repr(each) in str(error) for each in _texts(getattr(given, option))):
                error.args = (f"{error.args[0]} ({option} in {path})",)
        raise
    return status


def _texts(value: Any) -> list[str]:
    """The texts of which a value is made; several classes may stand with commas between them."""
    texts = [str(each) for each in value] if isinstance(value, list) else [str(value)]
    return [*texts, *(piece.strip() for text in texts for piece in text.split(","))]


def command_parser(name: str) -> CommandParser:
    """Return the parser of a command.

    Args:
        name: of the command.

    Raises:
        SystemExit: if there is none.
    """
    if name in COMMANDS:
        return CommandParser(name)
    question = did_you_mean(name, COMMANDS)
    if os.path.exists(name):
        question = f"; did you mean panns tag {name}?"
    return parser().error(f"unknown command {name!r}{question}")


def _are_options(chosen: CommandParser, words: Sequence[str]) -> bool:
    """Whether words are options of a command with their values, and nothing else."""
    rest = iter(words)
    for word in rest:
        name, joined = word.split("=", 1) if "=" in word else (word, None)
        if not name.startswith("--"):
            name, joined = name[:2], word[2:] or None
        option = chosen.option(name)
        if option is None or (option.nargs is None and joined is None and not next(rest, None)):
            return False
    return True


def _refuse(words: Sequence[str]) -> NoReturn:
    """End the program that was given no command, or options in front of it that it has not."""
    if not words[0].startswith("-"):
        command_parser(words[0])
    for place, word in enumerate(words):
        if word in COMMANDS:
            chosen = CommandParser(word)
            unknown = [each for each in words[:place] if not _are_options(chosen, [each, word])]
            if unknown:
                chosen.refuse(unknown)
    near = [each for word in words for each in nearest(word, COMMANDS, 1)]
    question = f"; did you mean {near[0]}?" if near else ""
    parser().error(f"there is no command{question}")


def _values(chosen: CommandParser, words: Sequence[str]) -> argparse.Namespace:
    """The values of all options of a command."""
    line = chosen.given(words)
    values: dict[str, Any] = {}
    read: list[Path] = []
    if chosen.command not in PLAIN and not line.get("no_config"):
        read = configuration.files(line.get("config"))
    origins: dict[str, Path] = {}
    for path in read:
        found = configuration.values_in(path, chosen.command)
        values |= found
        origins |= dict.fromkeys(found, path)
    # What was given replaces what a file says, also where an option may be given again.
    values |= line
    origins = {name: path for name, path in origins.items() if name not in line}
    if target := values.get("save_config"):
        defaults = {**chosen.defaults, "configuration": read, "origins": {}}
        return argparse.Namespace(**{**defaults, "run": lambda _: save(target, chosen)})
    more = {"configuration": read, "origins": origins, "usage": chosen.short_usage()}
    return chosen.complete({**values, **more})
