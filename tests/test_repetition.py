"""How much code the networks take, and how much of it is written more than once.

Code is what is left without blank lines, comments and docstrings. A window is six consecutive
lines of it in one file; it is repeated if the same lines, whatever their indentation, stand in
some other place too.
"""

from __future__ import annotations

import ast
import inspect
import io
import statistics
import textwrap
import tokenize
from collections import Counter
from pathlib import Path

import pytest

import panns_inference
from panns_inference.models import NETWORKS

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
    lines = code_lines(source)
    return [tuple(lines[i : i + WINDOW]) for i in range(len(lines) - WINDOW + 1)]


def repeated_share(sources: list[str]) -> float:
    """Share of the windows that occur more than once."""
    counts = Counter(window for source in sources for window in windows(source))
    return sum(count for count in counts.values() if count > 1) / counts.total()


def body_lines(network: type) -> int:
    """Lines of code of a class without the line of its name."""
    return len(code_lines(textwrap.dedent(inspect.getsource(network)))) - 1


def test_code_is_what_is_neither_blank_nor_said() -> None:
    source = '"""Doc\nstring."""\n\n# why\nx = 1  # because\n"""Of x."""\ny = (\n    2,\n)\n'
    assert code_lines(source) == ["x = 1  # because", "y = (", "2,", ")"]


@pytest.mark.parametrize(("copies", "repeated"), [(1, 0), (2, 4), (3, 6)])
def test_seven_lines_are_two_windows_in_each_place(copies: int, repeated: int) -> None:
    copied = "".join(f"a{i} = 0\n" for i in range(7))
    unique = "".join(f"b{i} = 0\n" for i in range(15))
    share = repeated_share([copied] * copies + [unique])
    assert share == pytest.approx(repeated / (2 * copies + 10))


def test_little_is_repeated_in_the_networks() -> None:
    share = repeated_share([path.read_text(encoding="utf-8") for path in MODELS.glob("*.py")])
    assert share < 0.03, f"{share:.1%} of the windows of models/ are repeated"


def test_a_network_is_a_row_of_numbers() -> None:
    lines = {name: body_lines(network) for name, network in NETWORKS.items()}
    table = "\n".join(f"{count:3d}  {name}" for name, count in lines.items())
    assert statistics.median(lines.values()) <= 10, table
    assert max(lines.values()) <= 40, table
