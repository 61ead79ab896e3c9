"""How messages name arguments: as Python writes them, or as the command line does.

A message is for the person who reads it. In a script that is `overwrite=True`, on the command line
`--overwrite`; the program says once that it is a command line.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence


def argument(name: str, value: object = None) -> str:
    """Return an argument, with a value if there is one, as whoever runs this process writes it.

    Args:
        name: as Python has it, such as `step_filter`.
        value: of the argument.
    """
    return _Spelling.current(name, value)


def advice(of_script: str, of_line: str) -> str:
    """Return what to do, for whoever runs this process.

    Args:
        of_script: what somebody does who writes Python.
        of_line: what somebody does on the command line.
    """
    return of_script if _Spelling.current is _keyword else of_line


def either(names: Sequence[str]) -> str:
    """Return names as a sentence has those of which one is meant: `a, b or c`.

    Args:
        names: one or more.
    """
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def counted(number: int, noun: str, several: str = "") -> str:
    """Return how many there are of something: `1 clip`, `2 clips`.

    Args:
        number: of them.
        noun: what one is called.
        several: what others are called; empty for the noun with an s.
    """
    return f"{number} {noun if number == 1 else several or f'{noun}s'}"


@contextlib.contextmanager
def of_command_line() -> Iterator[None]:
    """A context in which arguments are named as options: `--step-filter`, `--channel left`."""
    _Spelling.current = _option
    try:
        yield
    finally:
        _Spelling.current = _keyword


_OPTIONS = {"checkpoint_path": "checkpoint"}
"""Arguments whose options have other names."""


def _keyword(name: str, value: object) -> str:
    return name if value is None else f"{name}={value!r}"


def _option(name: str, value: object) -> str:
    option = f"--{_OPTIONS.get(name, name).replace('_', '-')}"
    return option if value is None or value is True else f"{option} {value}"


class _Spelling:
    """What is used now, in all threads."""

    current: Callable[[str, object], str] = staticmethod(_keyword)
