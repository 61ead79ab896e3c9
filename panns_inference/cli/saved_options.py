"""`--save-config`: the options of a command line as a section of a configuration file."""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import OutputError, UsageError
from ..files import atomic_write
from .commands import CommandParser
from .configuration import OF_ONE_LINE, PLACES
from .parser import shown_name

LOG = logging.getLogger("panns_inference")

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
"""What TOML writes as the command line does."""


def save(target: str, parser: CommandParser) -> int:
    """Write a section with the options of a command line behind what a file holds; return 0.

    Args:
        target: path of the file; it need not exist.
        parser: of the command, which has read them.

    Raises:
        UsageError: if the file has such a section, or there is nothing to write.
        OutputError: if it cannot be written.
    """
    path = Path(target)
    settings = _settings(parser, path.absolute().parent)
    if not settings:
        raise UsageError("--save-config writes the options beside it, and there are none")
    heading = f"[{parser.command}]"
    before = _text_of(path)
    if any(line.partition("#")[0].strip() == heading for line in before.splitlines()):
        raise UsageError(f"{path} has a section {heading} already: edit it, or name another file")
    lines = [heading, *(f"{key} = {_toml(value)}" for key, value in settings.items())]
    text = "".join(f"{line}\n" for line in lines)
    with atomic_write(path) as file:
        file.write(f"{before.rstrip()}\n\n{text}" if before.strip() else text)
    LOG.info("the options of panns %s are in %s; nothing else was done", parser.command, path)
    return 0


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"{path} cannot be read, and is left as it is: {error}") from error


def _settings(parser: CommandParser, folder: Path) -> Mapping[str, Any]:
    """The options with their texts by the keys of a file."""
    found: dict[str, Any] = {}
    for option, texts in parser.seen:
        key = shown_name(option).removeprefix("--")
        if key in OF_ONE_LINE:
            continue
        values = [_placed(option, text, folder) for text in texts]
        if isinstance(option, argparse._StoreFalseAction):
            found[key.removeprefix("no-")] = False
        elif isinstance(option, argparse._CountAction):
            found[key] = found.get(key, 0) + 1
        elif isinstance(option, argparse._AppendAction):
            found.setdefault(key, []).extend(values)
        else:
            found[key] = values[0] if values else True
    return found


def _placed(option: argparse.Action, text: str, folder: Path) -> str:
    """A value; a path, which is given from the current folder, from that of the file."""
    if option.metavar not in PLACES or text == "-" or os.path.isabs(os.path.expanduser(text)):
        return text
    return os.path.relpath(text, folder)


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)
