"""How much code the networks take, and how much of it is written more than once.

python benchmarks/code_size.py

Code is what is left without blank lines, comments and docstrings. A window is six consecutive
lines of it in one file; it is repeated if the same lines, whatever their indentation, stand in
some other place too.
"""

from __future__ import annotations

import ast
import inspect
import io
import textwrap
import tokenize
from collections import Counter
from pathlib import Path

import report

import panns_inference
from panns_inference.models import network_class
from panns_inference.registry import NETWORKS

MODELS = Path(panns_inference.__file__).parent / "models"

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


def main() -> None:
    """Measure, print, and write the section of `RESULTS.md`."""
    rows = [(name, f"{lines}") for name, lines in lines_of_networks().items()]
    body = (
        "Lines of code of each network's class, without its first line; what they share is not "
        f"counted. Of the windows of six lines in `models/`, {share_in_models():.1%} occur more "
        f"than once.\n\n{report.table(('network', 'lines'), rows)}"
    )
    print(body)
    report.write_section("Size of the code", body)


if __name__ == "__main__":
    main()
