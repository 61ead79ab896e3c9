"""The package as text: its modules, what they import, what they name, and the words they use."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.util import resolve_name
from pathlib import Path

import panns_inference

ROOT = "panns_inference"
FOLDER = Path(panns_inference.__file__).parent

PRIVATE = re.compile(
    r"ahead|ask(s|ed|ing)?|cards?|contents?|ears|hear(s|d|ing)?|listed|listen(s|er|ers|ing)?|"
    r"notes|parts|reach(es)?|tells?|told|telling|together|twins?"
)
"""Words that this package once had for itself alone; the field says them in other ways."""

HEAR = {"hear", "HearModel"}
"""A module and its class, called after the HEAR benchmark."""

GIVEN = re.compile(r"HEAR|panns_inference\.hear|Content-[A-Z]\w+")
"""Names that others gave: the benchmark, with our module for it, and fields of HTTP."""


def modules() -> dict[str, Path]:
    """Module to file."""
    found = {}
    for path in sorted(FOLDER.rglob("*.py")):
        names = path.relative_to(FOLDER.parent).with_suffix("").parts
        found[".".join(names[:-1] if names[-1] == "__init__" else names)] = path
    return found


MODULES = modules()


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
                found |= {_named(base, alias.name) for alias in node.names}
    return found


def _named(base: str, name: str) -> str:
    return f"{base}.{name}" if f"{base}.{name}" in MODULES else base


def imports() -> dict[str, set[str]]:
    """Module to the modules of the package that it imports, also inside functions."""
    return {
        module: imported(module, path.read_text(encoding="utf-8"), path.name == "__init__.py")
        for module, path in MODULES.items()
    }


def defined(source: str) -> set[str]:
    """Names that a source gives: to functions, classes, arguments, variables and attributes."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found.add(node.name)
            case ast.arg():
                found.add(node.arg)
            case ast.Name(ctx=ast.Store()):
                found.add(node.id)
            case ast.Attribute(ctx=ast.Store()):
                found.add(node.attr)
            case ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
                found.add(name)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                found.add(name)
    return found


def words(name: str) -> list[str]:
    """The words of `snake_case` and `CamelCase`, in small letters."""
    found = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return [word.lower() for word in found]


def is_private(name: str) -> bool:
    """Whether a name holds a word that only this package uses so."""
    return name not in HEAR and any(PRIVATE.fullmatch(word) for word in words(name))


def private_names() -> dict[str, set[str]]:
    """Room to the names in it that hold a private word, with their file."""
    found: dict[str, set[str]] = {}
    for path in sorted(FOLDER.rglob("*")):
        if "__pycache__" in path.parts or not path.is_file():
            continue
        where = path.relative_to(FOLDER)
        steps = where.with_suffix("").parts
        names = defined(path.read_text(encoding="utf-8")) if path.suffix == ".py" else set()
        offenders = {f"{where}: {name}" for name in names if is_private(name)}
        offenders |= {f"{where}" for step in steps if is_private(step)}
        found.setdefault(steps[0], set()).update(offenders)
    return found


def prose(source: str) -> str:
    """Comments and strings of a source."""
    kinds = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", -1)}
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return "\n".join(token.string for token in tokens if token.type in kinds)


def private_words_in(texts: Iterable[str]) -> Counter[str]:
    """How often each private word stands in prose, but for names that others gave."""
    found = (word for text in texts for word in re.findall(r"[A-Za-z]+", GIVEN.sub("", text)))
    return Counter(word for word in map(str.lower, found) if PRIVATE.fullmatch(word))
