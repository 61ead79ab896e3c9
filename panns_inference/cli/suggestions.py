"""What somebody may have meant who wrote what there is not."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..wording import either


def nearest(word: str, known: Iterable[str], n: int = 3) -> list[str]:
    """Return what a word may have been meant for, the likeliest first.

    That is the one that is the same but for case and dashes, else those that begin with it, else
    those that are spelt nearly as it is.

    Args:
        word: what the user wrote; case, `-` and `_` do not matter.
        known: what there is.
        n: how many at most.
    """
    import difflib  # not needed where all is right

    forms = {_form(each): each for each in known}
    form = _form(word)
    if form in forms:
        return [forms[form]]
    longer = [each for each in forms if form and each.startswith(form)]
    near = longer or difflib.get_close_matches(form, forms, n, cutoff=0.6)
    return [forms[each] for each in near[:n]]


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Return a question to put behind an error, such as '; did you mean tag?'; empty for no idea.

    Args:
        word: what the user wrote.
        known: what there is.
    """
    near = nearest(word, known)
    return f"; did you mean {either(near)}?" if near else ""


def _form(word: str) -> str:
    return word.casefold().replace("_", "-").strip("-")
