"""The manual page, made of the parsers: `panns help --man | man -l -` shows it."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterable, Iterator
from datetime import date

from .. import __version__, settings
from .commands import COMMANDS, CommandParser, parser
from .parser import shown

STATUS = {
    "0": "All is well.",
    "1": "A recording or a download failed, or the output could not be written.",
    "2": "The command line is wrong.",
    "130, 143": "Ctrl-C or SIGTERM ended the program.",
}
"""Exit statuses and their meanings."""

FILES = {
    "panns.toml": "Options, in the current folder or the nearest one above; or the table "
    "[tool.panns] of a pyproject.toml there. What stands in front of all sections is for each "
    "command that has the option; a section is for the command of its name.",
    "~/.config/panns/panns.toml": "Options of the user, which those of a project replace.",
}
"""Files that are read, and what they hold."""

WIDTH = 78
"""Letters in a line of the page."""

GENERAL = "general"
"""The group of options that all commands have."""


def page() -> str:
    """Return the page in the language of man."""
    top = parser()
    commands = {name: CommandParser(name) for name in COMMANDS}
    lines = [
        f'.TH PANNS 1 {date.today()} "panns {__version__}"',
        *_section("NAME", [f"panns \\- {_text('which sounds are in recordings, and when')}"]),
        *_section("SYNOPSIS", ["\n.br\n".join(f".B {_text(c.usage)}" for c in commands.values())]),
        *_section("DESCRIPTION", [_text(top.description)]),
    ]
    for name, each in commands.items():
        lines += [f".SH {_text(f'PANNS {name.upper()}')}", _text(each.description)]
        for group in each._action_groups:
            lines += _arguments(group) if group.title != GENERAL else []
        lines += [".PP", "Example:", ".PP", f".EX\n{_text(_example(each))}\n.EE"]
    lines += [".SH OPTIONS OF ALL COMMANDS"]
    general = next(g for g in commands["tag"]._action_groups if g.title == GENERAL)
    lines += [line for option in general._group_actions for line in _argument(option)]
    lines += _section("EXIT STATUS", _terms(STATUS))
    lines += _section("ENVIRONMENT", _terms(_variables()))
    lines += _section("FILES", _terms(FILES))
    return "\n".join(lines) + "\n"


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f".SH {title}"
    yield from lines


def _terms(meanings: dict[str, str]) -> Iterator[str]:
    for term, meaning in meanings.items():
        yield f".TP\n.B {_text(term)}\n{_text(meaning)}"


def _arguments(group: argparse._ArgumentGroup) -> Iterator[str]:
    if actions := [each for each in shown(group._group_actions) if each.dest != "help"]:
        yield f".SS {_text(str(group.title).capitalize())}"
        for action in actions:
            yield from _argument(action)


def _argument(action: argparse.Action) -> Iterator[str]:
    value = str(action.metavar or "|".join(map(str, action.choices or ())))
    names = [f"\\fB{_text(name)}\\fR" for name in action.option_strings]
    if action.nargs != 0 or not names:
        names = [f"{name} \\fI{_text(value)}\\fR" for name in names] or [f"\\fI{_text(value)}\\fR"]
    meaning = (action.help or "") % {"default": action.default}
    yield f".TP\n{', '.join(names)}\n{_text(meaning)}."


def _example(command: CommandParser) -> str:
    return str(command.epilog).partition("\n")[2].strip()


def _variables() -> dict[str, str]:
    """The variables in the table of the settings."""
    rows = re.findall(r"^\| `(\w+)` *\| (.*?) *\|$", settings.__doc__ or "", re.MULTILINE)
    colours = {"NO_COLOR": "no colours.", "FORCE_COLOR": "colours also where no terminal is."}
    return {**{name: f"{meaning}." for name, meaning in rows}, **colours}


def _text(text: str | None) -> str:
    """A text in which nothing means anything to man."""
    escaped = (text or "").replace("\\", "\\e").replace("-", "\\-").replace("`", "")
    escaped = textwrap.fill(escaped, WIDTH, break_long_words=False, break_on_hyphens=False)
    return re.sub(r"^([.'])", r"\\&\1", escaped, flags=re.MULTILINE)
