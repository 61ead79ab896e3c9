"""A line on a terminal that shows how far a run is, drawn for the present width."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from tqdm import tqdm

from .line import Counts, layout

if TYPE_CHECKING:
    from _typeshed import SupportsWrite


def columns(file: IO[str]) -> int:
    """Return how many columns a line on a terminal may take; the last one is left free.

    Args:
        file: the terminal.
    """
    try:
        width = os.get_terminal_size(file.fileno()).columns
    except (OSError, ValueError):
        width = 0
    # Behind a character in the last column some terminals go to the next line.
    return (width or shutil.get_terminal_size().columns) - 1


class Bar(tqdm):  # type: ignore[type-arg]
    """A line on a terminal that is drawn for its present width.

    Args:
        counts: returns what is shown.
        file: the terminal.
    """

    def __init__(self, counts: Callable[[], Counts], file: IO[str]) -> None:
        self.counts = counts
        super().__init__(total=1, file=file, leave=False)

    def draw(self) -> None:
        """Draw the line anew, unless that was done a moment ago."""
        if (now := time.time()) - self.last_print_t >= self.mininterval:
            self.last_print_t = now
            self.refresh()

    @property
    def format_dict(self) -> dict[str, Any]:
        """What tqdm makes the line of."""
        width, counts = columns(self.fp), self.counts()
        line = {"ncols": width, "bar_format": layout(counts, width), "n": counts.share}
        return {**super().format_dict, **line}

    @staticmethod
    def status_printer(file: SupportsWrite[str]) -> Callable[[str], None]:
        """Return what draws a line over the last one, without a character behind its end.

        tqdm itself writes spaces over the rest of the last line: where the terminal has become
        narrower since, these go on in the next one.

        Args:
            file: the terminal.
        """

        def draw(line: str) -> None:
            file.write(f"\r{line}\x1b[K")
            if flush := getattr(file, "flush", None):
                flush()

        return draw
