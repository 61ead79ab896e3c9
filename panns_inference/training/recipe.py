"""A recipe: one TOML file, each table of which fills one dataclass."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from ..errors import UsageError

if TYPE_CHECKING or sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read_recipe(
    path: str | Path, tables: Mapping[str, type], changes: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the tables of a recipe as objects; unknown and missing keys are errors.

    Args:
        path: the TOML file; a table may be left out whose dataclass has a default for all.
        tables: name of each table to the dataclass that it fills.
        changes: values that stand for those of the file, as `learn.steps=1000`.

    Returns:
        Name of each table to its object.

    Raises:
        UsageError: if the file is not TOML, or a table, a key or a type is not what is expected.
    """
    try:
        with Path(path).open("rb") as file:
            written = tomllib.load(file)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read as a recipe ({error.strerror or error}): {_what(tables)}"
        ) from error
    except ValueError as error:  # of TOML, or of UTF-8
        raise UsageError(f"{path} is no recipe ({error}): {_what(tables)}") from error
    for change in changes:
        name, key, value = _changed(change)
        written.setdefault(name, {})[key] = value
    needed = {name for name, kind in tables.items() if _needed(kind)}
    _compare(f"{path}: tables", written.keys(), set(tables), needed)
    return {
        name: _filled(kind, written.get(name, {}), f"{path}: keys of [{name}]")
        for name, kind in tables.items()
    }


def recipe_text(recipe: Mapping[str, Any]) -> str:
    """Return a recipe as TOML, with all that is left to defaults.

    Args:
        recipe: name of each table to its object.
    """
    lines = []
    for name, table in recipe.items():
        lines.append(f"[{name}]")
        for key, value in asdict(table).items():
            if value is not None:
                # What is a number, a text or a truth in JSON is one in TOML, but for one character.
                text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
                lines.append(f"{key} = {text}")
        lines.append("")
    return "\n".join(lines)


def differences(recipe: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return what differs in two recipes, as `learn.steps was 10, is 20`.

    Args:
        recipe: name of each table to its object.
        other: what was before, with the same tables.
    """
    return [
        f"{name}.{key} was {before!r}, is {value!r}"
        for name, table in recipe.items()
        for key, value in asdict(table).items()
        if (before := getattr(other[name], key)) != value
    ]


def _what(tables: Iterable[str]) -> str:
    """What a recipe is, for those who gave something else, such as their clips."""
    return (
        f"give a TOML file with the tables {', '.join(tables)}; what is learnt from is named in it"
    )


def _changed(change: str) -> tuple[str, str, Any]:
    place, _, text = change.partition("=")
    name, _, key = place.strip().partition(".")
    if not (name and key and text):
        raise UsageError(f"{change!r}: expected TABLE.KEY=VALUE, such as learn.steps=1000")
    try:
        return name, key, tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return name, key, text.strip()  # a text need not be quoted


def _needed(kind: type) -> set[str]:
    return {f.name for f in fields(kind) if f.default is f.default_factory is MISSING}


def _filled(kind: type, written: Mapping[str, Any], what: str) -> Any:
    _compare(what, written.keys(), {f.name for f in fields(kind) if f.init}, _needed(kind))
    types = get_type_hints(kind)
    for key, value in written.items():
        # A float may be written without a point.
        expected = types[key] | int if isinstance(0.0, types[key]) else types[key]
        if not isinstance(value, expected):
            wanted = getattr(types[key], "__name__", types[key])
            raise UsageError(f"{what}: {key} must be {wanted}, not {value!r}")
    try:
        return kind(**written)
    except UsageError as error:
        raise UsageError(f"{what}: {error}") from error


def _compare(what: str, found: Any, allowed: set[str], needed: set[str]) -> None:
    unknown, missing = sorted(set(found) - allowed), sorted(needed - set(found))
    if unknown or missing:
        raise UsageError(
            f"{what}: unknown {unknown}, missing {missing}; allowed are {sorted(allowed)}"
        )
