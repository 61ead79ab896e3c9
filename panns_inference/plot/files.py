"""Pictures in files: PNG and SVG hold one, a PDF has pages, HTML several on one page."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING

from ..errors import UsageError
from .page import section, whole_page
from .scene import Scene
from .style import Style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf", "html")
"""Formats of pictures, as their files end."""

SEVERAL = ("pdf", "html")
"""Those that hold several pictures."""

MOST_PIXELS = 65_000
"""Of a side of a PNG that matplotlib can draw."""

DPI = 100.0
"""Pixels of an inch."""

Add = Callable[["Figure", "Scene | None", "str | None"], None]
"""Takes a picture, what it shows, and where its recording is."""


@contextlib.contextmanager
def pictures_in(file: IO[bytes], form: str, style: Style, dpi: float = DPI) -> Iterator[Add]:
    """Write pictures, one after the other: none of them is kept.

    Args:
        file: open for bytes.
        form: one of `FORMATS`.
        style: the colours of the pictures.
        dpi: pixels of an inch; of a PDF, an SVG or HTML, for what is no line or text.

    Returns:
        A context manager that gives what takes a picture. The path of its recording, seen from the
        file, is for HTML, which plays it.
    """
    if form == "pdf":
        from matplotlib.backends.backend_pdf import PdfPages

        with PdfPages(file) as pages:
            yield lambda figure, scene, path: pages.savefig(figure, dpi=dpi)
    elif form == "html":
        before, after = whole_page(style)
        file.write(before.encode())
        yield lambda figure, scene, path: _write(file, section(figure, scene, path, dpi))
        file.write(after.encode())
    else:
        yield lambda figure, scene, path: _draw(file, figure, form, dpi)


def _draw(file: IO[bytes], figure: Figure, form: str, dpi: float) -> None:
    largest = dpi * max(figure.get_size_inches())
    if form == "png" and largest > MOST_PIXELS:
        raise UsageError(
            f"the picture would be {largest:.0f} pixels high or wide, and {MOST_PIXELS} are "
            "possible: show fewer classes, or give fewer pixels"
        )
    figure.savefig(file, format=form, dpi=dpi)


def _write(file: IO[bytes], text: str) -> None:
    file.write(text.encode())
