"""How large the package is, how much code its networks take, and how much is written twice.

python benchmarks/code_size.py

An arrow is a room of the package that imports from another one; floors are the rooms of the longest
way along such arrows. `source.py` says which words are private.

Code is what is left without blank lines, comments and docstrings. A window is six consecutive
lines of it in one file; it is repeated if the same lines, whatever their indentation, stand in
some other place too.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import io
import textwrap
import tokenize
from collections import Counter
from graphlib import TopologicalSorter

import report
from source import (
    FOLDER,
    MODULES,
    ROOT,
    imports,
    private_names,
    private_words_in,
    prose,
    room,
)

from panns_inference.models import network_class
from panns_inference.registry import NETWORKS

MODELS = FOLDER / "models"

WINDOW = 6


def code_lines(source: str) -> list[str]:
    """Lines of code without their indentation."""
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    lines = source.splitlines()
    kept: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in skipped and token.string:
            kept.update(range(token.start[0], token.end[0] + 1))
    kept -= docstring_lines(source)
    return [lines[number - 1].strip() for number in sorted(kept)]


def docstring_lines(source: str) -> set[int]:
    """Numbers of the lines of strings that stand alone: docstrings, also those of attributes."""
    return {
        number
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for number in range(node.lineno, node.end_lineno + 1)
    }


def windows(source: str) -> list[tuple[str, ...]]:
    """All windows of a source, in their order."""
    lines = code_lines(source)
    return [tuple(lines[i : i + WINDOW]) for i in range(len(lines) - WINDOW + 1)]


def repeated_share(sources: list[str]) -> float:
    """Share of the windows that occur more than once."""
    counts = Counter(window for source in sources for window in windows(source))
    return sum(count for count in counts.values() if count > 1) / counts.total()


def body_lines(network: type) -> int:
    """Lines of code of a class without the line of its name."""
    return len(code_lines(textwrap.dedent(inspect.getsource(network)))) - 1


def lines_of_networks() -> dict[str, int]:
    """Lines of code of each network."""
    return {name: body_lines(network_class(name)) for name in NETWORKS}


def share_in_models() -> float:
    """Share of the windows of `panns_inference/models` that are repeated."""
    return repeated_share([path.read_text(encoding="utf-8") for path in MODELS.glob("*.py")])


def arrows() -> dict[str, set[str]]:
    """Room to the other rooms that it imports from."""
    found: dict[str, set[str]] = {}
    for module, others in imports().items():
        rooms = found.setdefault(room(module), set())
        rooms |= {room(other) for other in others} - {room(module)}
    return found


def floors(rooms: dict[str, set[str]]) -> int:
    """Rooms on the longest way along the arrows."""
    heights: dict[str, int] = {}
    for each in TopologicalSorter(rooms).static_order():
        heights[each] = 1 + max((heights[below] for below in rooms[each]), default=0)
    return max(heights.values())


def public_names() -> int:
    """Names that the modules of the package list as theirs."""
    listing = (importlib.import_module(name) for name in MODULES if "__main__" not in name)
    return sum(len(getattr(module, "__all__", ())) for module in listing)


def figures() -> dict[str, str]:
    """What there is of the package as a whole, in words."""
    texts = {name: path.read_text(encoding="utf-8") for name, path in MODULES.items()}
    lines = {name: text.count("\n") for name, text in texts.items()}
    largest = max(lines, key=lambda name: lines[name])
    rooms = arrows()
    pages = [*FOLDER.parent.glob("*.md"), *(FOLDER.parent / "docs").glob("*.md")]
    written = [*map(prose, texts.values()), *(page.read_text("utf-8") for page in pages)]
    return {
        "files": f"{len(lines)}",
        "lines": f"{sum(lines.values()):,}",
        "lines of code": f"{sum(len(code_lines(text)) for text in texts.values()):,}",
        "rooms": f"{len(rooms)}",
        "arrows between rooms": f"{sum(map(len, rooms.values()))}",
        "floors": f"{floors(rooms)}",
        f"lines of the largest file, `{largest.removeprefix(f'{ROOT}.')}`": f"{lines[largest]}",
        "public names": f"{public_names()}",
        "names with private words": f"{sum(map(len, private_names().values()))}",
        "private words in prose": f"{private_words_in(written).total()}",
    }


def main() -> None:
    """Measure, print, and write the section of `RESULTS.md`."""
    rows = [(name, f"{lines}") for name, lines in lines_of_networks().items()]
    body = (
        f"{report.table(('the package', 'count'), figures().items())}\n\n"
        "Lines of code of each network's class, without its first line; what they share is not "
        f"counted. Of the windows of six lines in `models/`, {share_in_models():.1%} occur more "
        f"than once.\n\n{report.table(('network', 'lines'), rows)}"
    )
    print(body)
    report.write_section("Size of the code", body)


if __name__ == "__main__":
    main()
