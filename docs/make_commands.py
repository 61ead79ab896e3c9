"""Writes `commands.md`, the reference of the command line, from the options of the program.

python docs/make_commands.py
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from panns_inference.cli.commands import COMMANDS, CommandParser
from panns_inference.cli.parser import shown

TARGET = Path(__file__).with_name("commands.md")

HEAD = """\
# The command line

Made by `docs/make_commands.py` from the options of the program; `panns COMMAND --help` shows the
same. Results go to stdout, everything else to stderr. `python -m panns_inference` is the same
program.

The exit status is

- 0 if all is well;
- 1 if a recording or a download failed, or the output could not be written; without a word if the
  reader of stdout has gone, as `head` does, or if stdout is closed;
- 2 for a wrong use;
- 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP. At the first signal what is being written
  is ended (a list of JSON is closed), at the second the program ends at once.

Names and messages on a terminal hold no control characters: they are shown as escapes, `\\x1b`."""


def text() -> str:
    """The page."""
    blocks = [HEAD]
    for name in COMMANDS:
        blocks += section(name, CommandParser(name))
    return "\n\n".join(blocks) + "\n"


def section(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    """Heading, description, example and one table for each group of options."""
    yield f"## panns {name}"
    yield f"{parser.description}"
    yield f"```text\n{parser.epilog.splitlines()[-1].strip()}\n```"
    for group in parser._action_groups:
        if rows := [row(each) for each in shown(group._group_actions) if each.dest != "help"]:
            yield "\n".join([f"| {group.title} | |", "| --- | --- |", *rows])


def row(action: argparse.Action) -> str:
    """One option: how it is written, and what it does."""
    names = ", ".join(f"`{name}`" for name in action.option_strings)
    value = f"`{action.metavar or '/'.join(action.choices or ())}`" if action.nargs != 0 else ""
    meaning = (action.help or "") % {"default": action.default}
    return f"| {' '.join(filter(None, (names, value)))} | {meaning} |"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
