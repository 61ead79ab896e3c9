"""Names of networks and classes, checked before a network is loaded: a typo costs no second.

A network in a file may have classes of its own, whose names are checked when it is open.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..arguments import WEIGHTS
from ..audioset import labels
from ..errors import UsageError
from ..events.columns import Class, column_of, columns_of
from ..events.rules import OTHERS
from ..events.threshold_file import read_thresholds
from ..registry import find


def check(given: argparse.Namespace) -> None:
    """Refuse a network or a class that there is not.

    Args:
        given: the command line.

    Raises:
        UsageError: if there is one; it names the nearest ones.
    """
    if given.model is not None and not _is_file(given.model):
        try:
            find(given.model)
        except UsageError as error:
            if not (folder := Path(given.model)).is_dir():
                raise
            weights = sorted(str(each) for each in folder.iterdir() if each.suffix in WEIGHTS)
            meant = f", such as {weights[0]}" if weights else ""
            raise UsageError(
                f"{folder} is a folder: --model is a file of weights{meant}"
            ) from error
    if not _has_own_classes(given):
        for option in ("classes", "exclude"):
            columns_of(getattr(given, option, None) or (), labels)


def thresholds_of(given: argparse.Namespace) -> float | dict[Class, float] | None:
    """Return the threshold of a command line, or those of its file.

    Args:
        given: the command line.

    Raises:
        UsageError: if the file cannot be read, or names a class that there is not.
    """
    threshold: float | None = given.threshold
    if given.thresholds is None:
        return threshold
    found = read_thresholds(given.thresholds)
    for name in () if _has_own_classes(given) else found.keys() - {OTHERS}:
        try:
            column_of(name, labels)
        except UsageError as error:
            raise UsageError(f"{given.thresholds}: {error}") from error
    return {OTHERS: threshold, **found} if threshold else {**found}


def _has_own_classes(given: argparse.Namespace) -> bool:
    return given.checkpoint is not None or (given.model is not None and _is_file(given.model))


def _is_file(model: str) -> bool:
    return Path(model).suffix in (".onnx", *WEIGHTS)
