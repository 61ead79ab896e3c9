r"""Text that is safe to show on a terminal.

A name of a file, a key of a checkpoint or the reason of a server may hold anything: sequences that
colour, move or clear what is shown, or turn the direction of writing, so that `gpj.exe` reads as
`exe.jpg`. Such characters are shown as escapes: `\x1b`, `\u202e`.
"""

from __future__ import annotations

import re

CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL and C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction of writing
    "\u2028\u2029"  # ends of lines
    "\xad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # unseen
    "\ud800-\udfff]"  # no characters at all: bytes of a name that is not UTF-8
)
"""Characters that are not shown as they are. Joiners (U+200C, U+200D) are: writing needs them."""


def printable(text: str) -> str:
    r"""Return a text with escapes such as `\x1b` for what a terminal would obey, or cannot show.

    Args:
        text: from anywhere.
    """
    return CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
