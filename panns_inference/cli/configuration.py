"""Configuration files: options that a user does not want to write each time.

    panns/panns.toml in the user's folder of configurations (XDG_CONFIG_HOME, ~/.config)
                    |  then, and so stronger
    panns.toml in this folder or the nearest one above,
    or [tool.panns] of a pyproject.toml there, whichever is nearer

Keys are options without their dashes. Those in front of all sections hold for each command that has
the option; those of a section are for the command of its name, and win. Paths start at the folder
of the file.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .commands import COMMANDS, CommandParser
from .parser import shown, shown_name
from .suggestions import did_you_mean

NAME = "panns.toml"

PROJECT = "pyproject.toml"

PLACES = frozenset({"PATH", "FILE", "DIR", "FOLDER", "EXAMPLE"})
"""What the value of an option is called that names a file or a folder."""

OF_ONE_LINE = frozenset({"help", "version", "config", "no-config", "save-config"})
"""Options that mean nothing in a file."""

Values = dict[str, Any]
"""What options are set to, by the name that each has in a parsed command line."""


def files(named: str | None) -> list[Path]:
    """Return the files that are read, the strongest last.

    Args:
        named: the one that is read instead of all others; None if there is none.
    """
    if named is not None:
        return [Path(named)]
    return [*_of_user(), *_of_project()]


def values_in(path: Path, command: str) -> Values:
    """Return what a file says for a command.

    Args:
        path: of the file.
        command: its name.

    Raises:
        UsageError: if it cannot be read, or a key means nothing.
        SystemExit: if a value does.
    """
    table = _table(path)
    sections = {key: value for key, value in table.items() if isinstance(value, dict)}
    for section in sections:
        if section not in COMMANDS:
            what = f"{path}: there is no command for the section [{section}]"
            raise UsageError(f"{what}{did_you_mean(section, COMMANDS)}")
    parser = CommandParser(command)
    parser.place = f"{path}: "
    for argument in parser._actions:
        argument.required = False  # it stands on the command line
    options = keys_of(parser)
    shared = {key: value for key, value in table.items() if key not in sections}
    own = sections.get(command, {})
    if not shared.keys() <= options.keys():
        _check(path, shared, {key for each in COMMANDS for key in keys_of(CommandParser(each))})
    _check(path, own, options)
    found: Values = {}
    for group in (shared, own):
        words = [
            word
            for key, value in group.items()
            if key in options
            for word in _words(options[key], value, path)
        ]
        found |= parser.given(words)
    return found


def keys_of(parser: CommandParser) -> dict[str, argparse.Action]:
    """Return the options of a command by their keys in a file.

    Args:
        parser: of the command.
    """
    named = {
        name.removeprefix("--"): option
        for option in shown(parser._actions)
        for name in option.option_strings
        if name.startswith("--")
    }
    return {key: option for key, option in named.items() if key not in OF_ONE_LINE}


def _check(path: Path, found: Mapping[str, Any], known: Iterable[str]) -> None:
    for key in found:
        if key not in known:
            what = f"{path}: there is no option {key!r}"
            raise UsageError(f"{what}{did_you_mean(key, [*known])}")


def _words(option: argparse.Action, value: Any, path: Path) -> Iterator[str]:
    """A key of a file with its value as words of a command line."""
    name = shown_name(option)
    if option.nargs == 0 and isinstance(value, bool | int):
        is_switch = isinstance(option, argparse._StoreTrueAction)
        yield from [name] * int(value)
        if is_switch and not value:
            yield f"--no-{name[2:]}"
        return
    for each in value if isinstance(value, list) else [value]:
        if not isinstance(each, str | int | float) or isinstance(each, bool):
            raise UsageError(f"{path}: {name[2:]} cannot be {each!r}")
        text = str(each)
        if option.metavar in PLACES and text != "-":
            text = str(path.parent / os.path.expanduser(text))
        yield f"{name}={text}"


def _table(path: Path) -> dict[str, Any]:
    """What a file holds for this program."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is no TOML: {error}") from error
    if path.name != PROJECT:
        return table
    tool = table.get("tool")
    found = tool.get("panns") if isinstance(tool, dict) else None
    return found if isinstance(found, dict) else {}


def _of_user() -> Iterator[Path]:
    folder = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    path = Path(folder, "panns", NAME)
    if path.is_file():
        yield path


def _of_project() -> Iterator[Path]:
    try:
        here = Path.cwd()
    except FileNotFoundError:  # it was deleted, which the command says
        return
    for folder in (here, *here.parents):
        if (path := folder / NAME).is_file():
            yield path
            return
        if (path := folder / PROJECT).is_file() and _names_panns(path):
            yield path
            return


def _names_panns(path: Path) -> bool:
    """Whether a file of a project has a table for this program: others are nobody's business."""
    try:
        return b"[tool.panns" in path.read_bytes() and bool(_table(path))
    except OSError:
        return False
