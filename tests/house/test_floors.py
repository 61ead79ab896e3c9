"""The house stands on its floors: imports go down, and never in circles.

Read from the source, so that imports inside functions count too. Only those for type checkers
do not: they are not there when the program runs.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import pytest
from source import MODULES, ROOT, imported, imports, room

FLOORS = {
    0: {
        "",
        "arguments",
        "audioset",
        "cores",
        "errors",
        "files",
        "lock",
        "names",
        "registry",
        "settings",
        "terminal",
        "warning",
        "wording",
    },
    1: {"audio", "config", "device", "events", "metrics", "models"},
    2: {"checkpoints", "engine", "pytorch_utils"},
    3: {
        "arrays",
        "by_class",
        "model",
        "notebook",
        "origin",
        "plot",
        "ranking",
        "results",
        "tabular",
    },
    4: {"pipeline"},
    5: {"detector", "formats", "inference", "iterators", "keywords", "recogniser"},
    6: {
        "batch",
        "clips",
        "evaluation",
        "export",
        "hear",
        "pictures",
        "similar",
        "summary",
        "training",
    },
    7: {"__main__", "cli"},
}
"""Rooms of each floor; "" is the package's own file, which hands out names when asked."""

FLOOR_OF = {room: floor for floor, rooms in FLOORS.items() for room in rooms}


IMPORTS = imports()


def test_every_room_has_a_floor() -> None:
    assert {room(module) for module in MODULES} == set(FLOOR_OF)


def test_imports_go_down() -> None:
    upwards = [
        f"{module} of floor {FLOOR_OF[room(module)]} imports {other} of {FLOOR_OF[room(other)]}"
        for module, others in IMPORTS.items()
        for other in others
        if FLOOR_OF[room(other)] > FLOOR_OF[room(module)]
    ]
    assert not upwards, "\n".join(sorted(upwards))


def test_private_modules_are_of_their_room() -> None:
    foreign = [
        f"{module} imports {other}, which is private to another room"
        for module, others in IMPORTS.items()
        for other in others
        if "._" in other and room(other) != room(module)
    ]
    assert not foreign, "\n".join(sorted(foreign))


def test_no_module_imports_itself_by_way_of_others() -> None:
    try:
        TopologicalSorter(IMPORTS).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_imports_are_understood() -> None:
    lines = [
        ("audio", True, "from . import files", "audio.files"),
        ("audio", True, "from .files import opened", "audio.files"),
        ("audio", True, "from .. import settings", "settings"),
        ("audio.files", False, "from . import mono", "audio"),
        ("audio.files", False, "from .reading import Reading", "audio.reading"),
        ("audio.files", False, "from ..errors import AudioError", "errors"),
        ("audio.files", False, "from .. import __version__", ""),
        ("audio.files", False, "def f():\n    import panns_inference.cli", "cli"),
        ("audio.files", False, "if TYPE_CHECKING:\n    from ..cli import main", None),
        (
            "audio.files",
            False,
            "if TYPE_CHECKING:\n    x = 1\nelse:\n    from .. import cli",
            "cli",
        ),
        ("audio.files", False, "import numpy\nfrom collections import abc", None),
    ]
    for module, is_package, line, found in lines:
        wanted = set() if found is None else {f"{ROOT}.{found}".rstrip(".")}
        assert imported(f"{ROOT}.{module}", line, is_package) == wanted, line
