"""Names that a user writes: which one is meant, and whether it is one of a few."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from .errors import UsageError


def closest(name: str, known: Collection[str], kind: str) -> str:
    """Return the known name that is meant; case, '-', '_', '.' and spaces do not matter.

    Args:
        name: what the user wrote.
        known: the names there are.
        kind: what they are names of, for the message.

    Raises:
        UsageError: if there is none; the message lists the nearest ones.
    """
    by_form = {form_of(each): each for each in known}
    if (form := form_of(name)) in by_form:
        return by_form[form]
    near = difflib.get_close_matches(form, by_form, n=3, cutoff=0.5) or sorted(by_form)
    nearest = ", ".join(by_form[each] for each in near)
    raise UsageError(f"unknown {kind} {name!r}; did you mean one of: {nearest}?")


def check_one_of(name: str, allowed: Collection[str], kind: str) -> None:
    """Refuse a name that is not quite one of a few.

    Args:
        name: what the user wrote.
        allowed: the names there are.
        kind: what they are names of, for the message.

    Raises:
        UsageError: if it is none of them.
    """
    if name not in allowed:
        raise UsageError(f"{kind} must be {' or '.join(map(repr, allowed))}, not {name!r}")


def form_of(name: str) -> str:
    """Return a name without what does not matter: case, '-', '_', '.' and spaces.

    Args:
        name: what the user wrote, or a name there is.
    """
    return "".join(letter for letter in name.casefold() if letter.isalnum())
