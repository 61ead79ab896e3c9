"""A parser whose messages are for the person who wrote the command line.

The sentence that matters comes first, then the usage in one line. What is spelt nearly as an option
or a value gets the question whether that was meant.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from ..terminal import printable
from . import colours
from .suggestions import did_you_mean
from .values import decimal, whole

NEGATIVE = re.compile("-[0-9.][0-9.,:]*")
"""A value that begins as an option does: -90, -0,5, -05:00."""

REQUIRED = "the following arguments are required: "
"""What the parser of Python says of arguments that are missing, in front of their names."""

if TYPE_CHECKING:
    from _typeshed import SupportsWrite


class Parser(argparse.ArgumentParser):
    """A parser that names what may have been meant, and that fails if help is not written.

    Args:
        settings: as for any parser.

    Attributes:
        place: where the words stand that are parsed, for messages; empty on the command line.
        seen: the options that were parsed, with the texts of their values.
    """

    place = ""

    def __init__(self, **settings: Any) -> None:
        # Examples keep their lines, and options have one name.
        super().__init__(
            formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **settings
        )
        # What is declared as a number is read as people write numbers.
        self.register("type", float, decimal)
        self.register("type", int, whole)
        self.seen: list[tuple[argparse.Action, list[str]]] = []

    def error(self, message: str) -> NoReturn:
        """Print what is wrong with a command line and the usage, and end the program.

        Args:
            message: what is wrong.
        """
        missing = message.removeprefix(REQUIRED)
        fault = message.removeprefix("argument ") if missing == message else f"{missing} is needed"
        sentence = printable(f"{self.place}{fault}")
        mark = colours.painted("error:", colours.ERROR, sys.stderr)
        self.exit(2, f"{self.prog}: {mark} {sentence}\n{self.short_usage()}\n")

    def short_usage(self) -> str:
        """Return how a command line looks, in one line."""
        return f"{self.format_usage().rstrip()}; {self.prog} --help says more"

    def refuse(self, words: Sequence[str]) -> NoReturn:
        """Print which words of a command line mean nothing, and end the program.

        Args:
            words: those that are left over.
        """
        unknown = next((word for word in words if word.startswith("-")), words[0])
        if not unknown.startswith("-"):
            self.error(f"there is no place for {unknown!r}")
        name = unknown.partition("=")[0]
        self.error(f"unknown option {name}{self.idea_for(name)}")

    def idea_for(self, name: str) -> str:
        """Return what may have been meant by an option that there is not.

        Args:
            name: of the option.
        """
        return did_you_mean(name, [shown_name(e) for e in shown(self._actions) if e.option_strings])

    def option(self, name: str) -> argparse.Action | None:
        """Return the option of a name, such as `--top`; None if there is none.

        Args:
            name: with its dashes.
        """
        return self._option_string_actions.get(name)

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        # The parser of Python takes help that could not be written for written.
        is_help = file is sys.stdout
        if is_help:
            print(colours.headings(message, sys.stdout), end="", flush=True)
        else:
            super()._print_message(message, file)

    def _parse_optional(self, arg_string: str) -> Any:
        # The parser of Python takes -90 for an option where one is called -0, and -05:00 for -0.
        if NEGATIVE.fullmatch(arg_string) and not self.option(arg_string):
            return None
        return super()._parse_optional(arg_string)

    def _match_argument(self, action: argparse.Action, arg_strings_pattern: str) -> int:
        try:
            return super()._match_argument(action, arg_strings_pattern)
        except argparse.ArgumentError as error:
            if action.nargs is None and action.option_strings:
                raise argparse.ArgumentError(action, "needs a value") from error
            raise

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        if action.option_strings:
            self.seen.append((action, [*arg_strings]))
        return super()._get_values(action, arg_strings)

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        value = super()._get_value(action, arg_string)
        if isinstance(value, str) and action.choices is not None:
            by_form = {str(each).casefold(): each for each in action.choices}
            return by_form.get(value.casefold(), value)
        return value

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            choices = [*map(str, action.choices)]
            wrong = f"{str(value)!r} is none of {', '.join(choices)}"
            raise argparse.ArgumentError(action, f"{wrong}{did_you_mean(str(value), choices)}")


def shown(actions: Iterable[argparse.Action]) -> list[argparse.Action]:
    """Return what help shows of the arguments of a parser.

    Args:
        actions: its arguments.
    """
    return [each for each in actions if each.help != argparse.SUPPRESS]


def shown_name(option: argparse.Action) -> str:
    """Return the longest name of an option.

    Args:
        option: of a parser.
    """
    return max(option.option_strings, key=len)
