"""The house stands on its floors: imports go down, and never in circles.

Read from the source, so that imports inside functions count too. Only those for type checkers
do not: they are not there when the program runs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest

import panns_inference

FOLDER = Path(panns_inference.__file__).parent
ROOT = "panns_inference"

FLOORS = {
    0: {
        "",
        "audioset",
        "cores",
        "errors",
        "files",
        "listed",
        "names",
        "settings",
        "terminal",
        "warning",
    },
    1: {"audio", "config", "device", "events", "models"},
    2: {"checkpoints", "engine", "pytorch_utils"},
    3: {"windows"},
    4: {"along", "asking", "inference", "loading", "model", "results", "verbs"},
    5: {"batch", "export", "formats", "training"},
    6: {"hear"},
    7: {"__main__", "cli"},
}
"""Rooms of each floor; "" is the package's own file, which hands out names when asked."""

FLOOR_OF = {room: floor for floor, rooms in FLOORS.items() for room in rooms}


def sources() -> dict[str, Path]:
    """Module to file."""
    found = {}
    for path in FOLDER.rglob("*.py"):
        parts = path.relative_to(FOLDER.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = sources()


def room(module: str) -> str:
    """The folder or file below the package to which a module belongs."""
    return f"{module}.".split(".")[1]


def running(tree: ast.AST) -> Iterator[ast.AST]:
    """Nodes of a program without what is for type checkers alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for other in node.orelse:
                yield from (other, *running(other))
        else:
            yield from (node, *running(node))


def imported(module: str, source: str, is_package: bool) -> set[str]:
    """Modules of the package that a module imports; a name that is no module means its module."""
    package = module if is_package else module.rpartition(".")[0]
    found = set()
    for node in running(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == ROOT}
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            if base.split(".")[0] == ROOT:
                found |= {named(base, alias.name) for alias in node.names}
    return found


def named(base: str, name: str) -> str:
    return f"{base}.{name}" if f"{base}.{name}" in MODULES else base


IMPORTS = {
    module: imported(module, path.read_text(encoding="utf-8"), path.name == "__init__.py")
    for module, path in MODULES.items()
}


def test_every_room_has_a_floor() -> None:
    assert {room(module) for module in MODULES} == set(FLOOR_OF)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_go_down(module: str) -> None:
    floor = FLOOR_OF[room(module)]
    upwards = {other for other in IMPORTS[module] if FLOOR_OF[room(other)] > floor}
    assert not upwards, f"{module} of floor {floor} imports from above"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_private_modules_are_of_their_room(module: str) -> None:
    foreign = (other for other in IMPORTS[module] if room(other) != room(module))
    private = {other for other in foreign if "._" in other}
    assert not private, f"{module} imports what is private to another room"


def test_no_module_imports_itself_by_way_of_others() -> None:
    try:
        TopologicalSorter(IMPORTS).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


@pytest.mark.parametrize(
    ("module", "is_package", "line", "found"),
    [
        ("audio", True, "from . import files", "audio.files"),
        ("audio", True, "from .files import opened", "audio.files"),
        ("audio", True, "from .. import settings", "settings"),
        ("audio.files", False, "from . import mono", "audio"),
        ("audio.files", False, "from .mixing import mono", "audio.mixing"),
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
    ],
)
def test_imports_are_understood(
    module: str, is_package: bool, line: str, found: str | None
) -> None:
    wanted = set() if found is None else {f"{ROOT}.{found}".rstrip(".")}
    assert imported(f"{ROOT}.{module}", line, is_package) == wanted
