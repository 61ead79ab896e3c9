"""Names that a user writes: which one is meant, and whether it is one of a few."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from .errors import UsageError

FEW = 60
"""Names that a message can list."""


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
    # Those that hold the name as a word, then those that are spelt nearly as it is.
    longer = [each for each in known if form and name.casefold() in each.casefold()]
    near = difflib.get_close_matches(form, by_form, n=3, cutoff=0.5)
    nearest = [*dict.fromkeys([*longer[:3], *(by_form[each] for each in near)])]
    if not nearest and len(known) <= FEW:
        nearest = sorted(known)
    meant = f"did you mean {'one of: ' * (len(nearest) > 1)}{', '.join(nearest)}?"
    if not nearest:
        meant = f"none of the {len(known)} there are is like it"
    raise UsageError(f"unknown {kind} {name!r}; {meant}")


def split(text: str, known: Collection[str]) -> list[str]:
    """Return the names in a text, between which there are commas.

    Names hold commas, too: the text is a name if there is one that it means, and else begins with
    the longest that there is.

    Args:
        text: what the user wrote, such as 'Dog,Domestic animals, pets,Rain'.
        known: the names there are.
    """
    if "," not in text:
        return [text]
    forms = {form_of(each) for each in known}
    pieces, found = text.split(","), []
    while pieces:
        ends = range(len(pieces), 1, -1)
        end = next((n for n in ends if form_of(",".join(pieces[:n])) in forms), 1)
        found.append(",".join(pieces[:end]).strip())
        pieces = pieces[end:]
    return [each for each in found if each]


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
