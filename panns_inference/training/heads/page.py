"""The page of results as files: JSON for programs, and a picture for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...files import atomic_write
from ...plot.drawing import Settings
from ...plot.files import pictures_in
from .results import Results


def write_figures(results: Results, path: Path, *, overwrite: bool = False, **more: Any) -> None:
    """Write results as JSON.

    Args:
        results: the figures.
        path: of the file.
        overwrite: whether a file that is there is replaced.
        more: what else is known, as JSON holds it.

    Raises:
        OutputError: if the file is there, or cannot be written.
    """
    text = json.dumps({**more, **results.to_dict()}, indent=2, ensure_ascii=False)
    with atomic_write(path, replace=overwrite) as file:
        file.write(f"{text}\n")


def write_picture(results: Results, path: Path, *, overwrite: bool = False) -> None:
    """Write results as a picture, PNG.

    Args:
        results: the figures.
        path: of the file.
        overwrite: whether a file that is there is replaced.

    Raises:
        UsageError: if matplotlib is not installed.
        OutputError: if the file is there, or cannot be written.
    """
    figure = results.plot()
    with (
        atomic_write(path, binary=True, replace=overwrite) as file,
        pictures_in(file, "png", Settings().colours) as add,
    ):
        add(figure, None, None)
