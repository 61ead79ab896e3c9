"""What may follow on a command line that is not whole yet."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ..audioset import labels
from ..registry import CHECKPOINTS, NETWORKS
from .commands import COMMANDS, CommandParser
from .configuration import PLACES
from .parser import shown

FILES, WORDS = "files", "words"
"""What a line begins with: names of files may follow, or a word."""

NAMES: Mapping[tuple[str, str], Callable[[], Iterable[str]]] = {
    ("", "model"): lambda: NETWORKS,
    ("", "classes"): lambda: labels,
    ("", "exclude"): lambda: labels,
    ("", "device"): lambda: ("cpu", "cuda", "mps"),
    ("", "precision"): lambda: ("float32", "bf16", "fp16"),
    ("", "memory"): lambda: ("small", "default"),
    ("", "channel"): lambda: ("mix", "left", "right", "each"),
    ("", "track"): lambda: ("all",),
    ("models", "names"): lambda: CHECKPOINTS,
    ("help", "command"): lambda: COMMANDS,
}
"""Command, or none for all, and argument to the values that are no choices of the parser."""

OF_FILES = frozenset({"recordings", "tables", "model", "within", "data", "recipe"})
"""Arguments that are names of files, beside those that are called so."""

_STEERING = re.compile(r"([^\w@%+:,./-])", re.ASCII)
"""What means something to bash."""


def of(words: Sequence[str], *, joined: bool = True) -> Iterator[tuple[str, ...]]:
    """Yield what may stand for the last word, each with its meaning.

    Args:
        words: what stands behind `panns`, up to the cursor.
        joined: whether a value has the name of its option in front, where that is so in the word.
    """
    *before, current = words
    command = next((word for word in before if word in COMMANDS), None)
    if command is None:
        yield from _matching(current, COMMANDS.items())
        return
    before.remove(command)
    parser = CommandParser(command)
    name, is_joined, value = current.partition("=")
    places = parser._get_positional_actions()
    option, is_value, n_places = _state(parser, before)
    if is_joined and (chosen := parser.option(name)):
        for kind, *rest in _values(command, chosen, value):
            front = f"{name}=" if joined and kind == WORDS else ""
            yield (kind, *(front + each for each in rest[:1]), *rest[1:])
    elif is_value and option:
        yield from _values(command, option, current)
    elif current.startswith("-"):
        yield from _matching(current, _options(parser))
    elif places:
        yield from _values(command, places[min(n_places, len(places) - 1)], current)


def of_line(line: str) -> Iterator[tuple[str, str]]:
    """Yield the same for bash, which takes words apart at `=`, and quotes nothing.

    Args:
        line: of which the last word is not whole yet, as it was typed.
    """
    for quote in ("", '"', "'", "\\ "):
        try:
            words = shlex.split(line + quote)
            break
        except ValueError:
            continue
    else:
        return
    if not quote and (not line or (line[-1].isspace() and line[-2:-1] != "\\")):
        words.append("")
    for kind, *rest in of(words[1:] or [""], joined=False):
        text = "".join(rest[:1])
        yield kind, text if quote in ("'", '"') else _STEERING.sub(r"\\\1", text)


def _state(parser: CommandParser, words: Iterable[str]) -> tuple[argparse.Action | None, bool, int]:
    """The last option, whether its value is missing, and how many words are no options."""
    option, is_value, n_places = None, False, 0
    for word in words:
        if is_value:
            is_value = False
        elif word.startswith("-") and (chosen := parser.option(word.partition("=")[0])):
            option, is_value = chosen, chosen.nargs is None and "=" not in word
        else:
            n_places += not word.startswith("-")
    return option, is_value, n_places


def _options(parser: CommandParser) -> Iterator[tuple[str, str]]:
    for option in shown(parser._actions):
        meaning = ((option.help or "") % {"default": option.default}).partition(";")[0]
        yield from ((name, meaning) for name in option.option_strings)


def _values(command: str, argument: argparse.Action, current: str) -> Iterator[tuple[str, ...]]:
    """What may be the value of an argument."""
    names = NAMES.get((command, argument.dest)) or NAMES.get(("", argument.dest))
    known = [*map(str, argument.choices or ())] or [*(names() if names else ())]
    if argument.dest in ("classes", "exclude") and "," in current:
        # Several classes with commas between them: the last one is completed.
        front = current.rpartition(",")[0]
        known += [f"{front},{each}" for each in known]
    yield from _matching(current, ((each, "") for each in known))
    if argument.metavar in PLACES or argument.dest in OF_FILES:
        yield (FILES,)


def _matching(current: str, known: Iterable[tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    start = current.casefold()
    yield from ((WORDS, *each) for each in known if each[0].casefold().startswith(start))
