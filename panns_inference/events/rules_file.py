"""Files of rules: the arguments of `detect`, as TOML.

method = "boxes"
merge_ratio = 1.5

[threshold]
"*" = 0.25
"Dog" = 0.4
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..wording import advice
from .rules import Rules
from .threshold_file import READERS

NAMES = tuple(each.name for each in fields(Rules) if each.name != "default_threshold")
"""The rules that a file may hold."""


def read_rules(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the rules in a file: arguments of `detect`, `find_events` and `Rules`.

    Args:
        path: of a file of TOML.

    Raises:
        UsageError: if it cannot be read, or a rule is not known or makes no sense.
    """
    try:
        found = READERS[".toml"](Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        table = advice("", "; a table with a threshold for each class is for --thresholds")
        raise UsageError(
            f"{path} holds no rules ({error}): give a TOML file such as panns tune writes, with "
            f"lines like threshold = 0.3{table}"
        ) from error
    if unknown := [name for name in found if name not in NAMES]:
        raise UsageError(f"{path}: {unknown[0]} is no rule: take {', '.join(NAMES)}")
    try:
        Rules(**found)
    except (UsageError, TypeError) as error:
        raise UsageError(f"{path}: {error}") from error
    return found


def rules_text(rules: Mapping[str, Any]) -> str:
    """Return rules as `read_rules` reads them.

    Args:
        rules: numbers, texts, and mappings from label to number.
    """
    plain = {name: value for name, value in rules.items() if not isinstance(value, Mapping)}
    lines = [f"{name} = {json.dumps(value)}" for name, value in plain.items()]
    for name, values in rules.items():
        if isinstance(values, Mapping):
            pairs = (
                f"{json.dumps(key, ensure_ascii=False)} = {value}" for key, value in values.items()
            )
            lines += ["", f"[{name}]", *pairs]
    return "\n".join(lines) + "\n"
