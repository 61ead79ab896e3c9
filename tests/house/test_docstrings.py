"""Docstrings say what there is: each public thing has one, and none is wrong about arguments.

Modules whose name begins with '_' are their room's own affair.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import panns_inference

SECTION = re.compile(r"(Args|Attributes|Returns|Yields|Raises):")

ENTRY = re.compile(r"    (\w+): ")

ARRAY = re.compile(r"\bTensor\b|\bNDArray\[np\.float")

STATE = re.compile(r"\b(dict|Mapping)\[[^]]*\]")
"""Arrays by name have no shape in common."""

SHAPE = re.compile(r"\([^()]*,[^()]*\)")
"""As in `(batch, samples)`, `(classes,)`, `(..., frames, bins)`."""


def modules() -> list[ModuleType]:
    found = pkgutil.walk_packages(panns_inference.__path__, "panns_inference.")
    return [importlib.import_module(each.name) for each in found if "._" not in each.name]


def members(owner: Any, module: str) -> Iterator[tuple[str, Any]]:
    """Public functions and classes that are written in a module or class."""
    for name, value in vars(owner).items():
        # What a property, a cached property, or a static or class method is made of.
        for inner in ("fget", "func", "__func__"):
            value = getattr(value, inner, value)
        is_thing = inspect.isfunction(value) or isinstance(value, type)
        if is_thing and value.__module__ == module and not name.startswith("_"):
            yield name, value


def things() -> dict[str, tuple[Any, type | None]]:
    """Dotted name to a function or class, and the class of which it is a method."""
    found: dict[str, tuple[Any, type | None]] = {}
    for module in modules():
        for name, value in members(module, module.__name__):
            found[f"{module.__name__}.{name}"] = value, None
            for method, function in members(value, module.__name__):
                found[f"{module.__name__}.{name}.{method}"] = function, value
    return found


def exported() -> set[int]:
    """Identities of what modules with a list of their names hand out, with the methods."""
    found: set[int] = set()
    for module in modules():
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            found |= {id(value), *(id(method) for _, method in members_of(value))}
    return found


def members_of(value: Any) -> list[tuple[str, Any]]:
    return list(members(value, value.__module__)) if isinstance(value, type) else []


THINGS = things()
EXPORTED = exported()


def documentation(thing: Any, owner: type | None) -> str:
    """A docstring; for a method without one, that of the method which it overrides."""
    candidates = [thing]
    if owner is not None:
        candidates += [getattr(base, thing.__name__, None) for base in owner.__mro__[1:]]
    docs = (each.__doc__ for each in candidates if each is not None and each.__doc__)
    return inspect.cleandoc(next(docs, ""))


def named_in(doc: str, *titles: str) -> list[str]:
    """Names that the sections of these titles describe."""
    names, inside = [], False
    for line in doc.splitlines():
        if line and not line.startswith(" "):
            title = SECTION.fullmatch(line)
            inside = title is not None and title[1] in titles
        elif inside and (entry := ENTRY.match(line)):
            names.append(entry[1])
    return names


def wanted(thing: Any, owner: type | None) -> list[str]:
    """Names that a docstring has to describe."""
    if dataclasses.is_dataclass(thing):
        own = inspect.get_annotations(thing)
        return [name for name, kind in own.items() if "ClassVar" not in str(kind)]
    if isinstance(thing, type):
        # A class that inherits how it is made may say so again.
        says = named_in(inspect.cleandoc(thing.__doc__ or ""), "Args")
        made = thing.__init__ if says else vars(thing).get("__init__")
        return wanted(made, thing) if inspect.isfunction(made) else []
    if thing.__name__ == "_no_init_or_replace_init":  # of a protocol, which is never made
        return []
    names = list(inspect.signature(thing).parameters)
    is_method = owner is not None and names[:1] in (["self"], ["cls"])
    return [name for name in names[is_method:] if not name.startswith("_")]


def test_everything_public_is_documented() -> None:
    firsts = {name: documentation(*thing).partition("\n")[0] for name, thing in THINGS.items()}
    bare = [
        f"{name}: {first!r}"
        for name, first in firsts.items()
        if len(first.split()) < 2 or not (first[0].isupper() or first[0] == "`")
    ]
    assert not bare, "\n".join(bare)


def test_arguments_described_are_those_there_are() -> None:
    wrong = []
    for name, (thing, owner) in THINGS.items():
        doc = documentation(thing, owner)
        titles = ("Args", "Attributes") if dataclasses.is_dataclass(thing) else ("Args",)
        described = named_in(doc, *titles)
        # One line can say all about a function that serves its own package alone.
        is_due = described or id(thing) in EXPORTED or "\n" in doc
        if is_due and described != wanted(thing, owner):
            wrong.append(f"{name}: {described}, not {wanted(thing, owner)}")
    assert not wrong, "\n".join(wrong)


def test_arrays_have_their_shapes_told() -> None:
    shapeless = []
    for name, (thing, owner) in THINGS.items():
        if isinstance(thing, type):
            continue
        kinds = [STATE.sub("", str(kind)) for kind in thing.__annotations__.values()]
        is_due = any(ARRAY.search(kind) for kind in kinds)
        if is_due and not SHAPE.search(documentation(thing, owner)):
            shapeless.append(name)
    assert not shapeless, "\n".join(shapeless)


def test_sections_are_understood() -> None:
    doc = "What.\n\nArgs:\n    one: of\n        these: x\n    two: y\n\nRaises:\n    Bad: if so."
    assert named_in(doc, "Args") == ["one", "two"]
    assert named_in(doc, "Raises") == ["Bad"]
    assert named_in(doc, "Attributes") == []
