"""Texts in any script: where matplotlib's own font lacks a character, another one that has it.

Fonts are looked for among those that matplotlib finds on the machine, and only if a text needs
them. Nothing of the settings of matplotlib is changed: each text is given its fonts.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from ..warning import warn

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.font_manager import FontEntry

OWN = "DejaVu Sans"
"""The font that comes with matplotlib."""

PREFERRED = ("noto sans", "hiragino", "yu gothic", "meiryo", "pingfang", "microsoft", "malgun")
"""Beginnings of names of fonts that are made for screens, and have many characters."""

BOXES = "last resort"
"""Beginning of the name of a font that has a box for every character."""

MISSING = "\N{REPLACEMENT CHARACTER}"
"""What stands for a character that no font has."""


def set_fonts(figure: Artist) -> None:
    """Give all texts of a picture fonts that have their characters; no text is taken for formulas.

    Args:
        figure: a picture, or a panel of one.

    Warns:
        UserWarning: if no font of this machine has some of the characters; once for the same ones.
    """
    from matplotlib.text import Text

    texts = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    needed = {letter for text in texts for letter in text.get_text() if letter > "\x7f"}
    fonts, missing = _fonts_for(frozenset(needed))
    for text in texts:
        text.set_parse_math(False)
        if len(fonts) > 1 and not text.get_text().isascii():
            text.set_fontweight("normal")  # most other fonts have no bold letters
        text.set_fontfamily(list(fonts))
        if missing and missing.intersection(text.get_text()):
            text.set_text("".join(MISSING if each in missing else each for each in text.get_text()))


@cache
def _fonts_for(needed: frozenset[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Fonts that have some characters, the own one first, and the characters that none has."""
    from matplotlib.font_manager import fontManager

    names, left = [OWN], {letter for letter in needed if not letter.isspace()}
    if left:
        left -= _characters(_own_path(), left)
    if left:
        entries = {(each.name, each.fname) for each in fontManager.ttflist if _is_plain(each)}
        for name, path in sorted(entries, key=_preference):
            if found := _characters(path, left):
                names.append(name)
                left -= found
            if not left:
                break
    if left:
        some = " ".join(sorted(left)[:8])
        warn(
            f"no font on this machine has {len(left)} characters of the texts, such as {some}: "
            "install one that does, such as Noto Sans"
        )
    return tuple(names), frozenset(left)


def _own_path() -> str:
    from matplotlib.font_manager import findfont

    return str(findfont(OWN))


def _characters(path: str, wanted: Iterable[str]) -> set[str]:
    """Those that a font has."""
    from matplotlib.ft2font import FT2Font

    try:
        known = FT2Font(path).get_charmap()
    except (OSError, RuntimeError):  # it is damaged, or gone
        return set()
    return {letter for letter in wanted if ord(letter) in known}


def _is_plain(entry: FontEntry) -> bool:
    is_regular = entry.style == "normal" and entry.weight in (400, "normal", "regular")
    return is_regular and not entry.name.casefold().startswith(BOXES)


def _preference(font: tuple[str, str]) -> tuple[bool, bool, str]:
    name = font[0].casefold()
    return not name.startswith(PREFERRED), "sans" not in name, name
