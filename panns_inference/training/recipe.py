"""A recipe: one TOML file, each table of which fills one dataclass."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError

if TYPE_CHECKING or sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read_recipe(path: str | Path, tables: Mapping[str, type]) -> dict[str, Any]:
    """Return the tables of a recipe as objects; unknown and missing keys are errors.

    Args:
        path: the TOML file.
        tables: name of each table to the dataclass that it fills.

    Returns:
        Name of each table to its object.

    Raises:
        UsageError: if the file is not TOML, or a table or a key is unknown or missing.
    """
    try:
        with Path(path).open("rb") as file:
            written = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as a recipe ({error})") from error
    _compare(f"{path}: tables", written.keys(), set(tables), set(tables))
    filled = {}
    for name, kind in tables.items():
        needed = {f.name for f in fields(kind) if f.default is f.default_factory is MISSING}
        allowed = {f.name for f in fields(kind) if f.init}
        _compare(f"{path}: keys of [{name}]", written[name].keys(), allowed, needed)
        filled[name] = kind(**written[name])
    return filled


def _compare(what: str, found: Any, allowed: set[str], needed: set[str]) -> None:
    unknown, missing = sorted(set(found) - allowed), sorted(needed - set(found))
    if unknown or missing:
        raise UsageError(
            f"{what}: unknown {unknown}, missing {missing}; allowed are {sorted(allowed)}"
        )
