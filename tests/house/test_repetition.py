"""How much code the networks take, and how much of it is written more than once."""

from __future__ import annotations

import statistics

import pytest
from code_size import code_lines, lines_of_networks, repeated_share, share_in_models


def test_code_is_what_is_neither_blank_nor_said() -> None:
    source = '"""Doc\nstring."""\n\n# why\nx = 1  # because\n"""Of x."""\ny = (\n    2,\n)\n'
    assert code_lines(source) == ["x = 1  # because", "y = (", "2,", ")"]


def test_seven_lines_are_two_windows_in_each_place() -> None:
    copied = "".join(f"a{i} = 0\n" for i in range(7))
    unique = "".join(f"b{i} = 0\n" for i in range(15))
    for copies, repeated in ((1, 0), (2, 4), (3, 6)):
        share = repeated_share([copied] * copies + [unique])
        assert share == pytest.approx(repeated / (2 * copies + 10))


def test_little_is_repeated_in_the_networks() -> None:
    share = share_in_models()
    assert share < 0.03, f"{share:.1%} of the windows of models/ are repeated"


def test_a_network_is_a_row_of_numbers() -> None:
    lines = lines_of_networks()
    table = "\n".join(f"{count:3d}  {name}" for name, count in lines.items())
    assert statistics.median(lines.values()) <= 10, table
    assert max(lines.values()) <= 65, table
