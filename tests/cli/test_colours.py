"""Colours: on a terminal that is to have them, and nowhere else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from program import start
from test_cli_terminal import on_a_terminal

RED, BOLD = "\x1b[1;31m", "\x1b[1m"


@pytest.fixture(autouse=True)
def no_wishes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("words", "stream", "painted"),
    [
        (("tag", "--tpo", "3"), "stderr", f"{RED}error:"),
        (("tag", "nothing.wav"), "stderr", f"{RED}error:"),
        (("tag", "--help"), "stdout", f"{BOLD}reading:"),
        ((), "stdout", f"{BOLD}usage:"),
    ],
)
@pytest.mark.parametrize(
    ("wish", "is_coloured"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
    ],
    ids=str,
)
@pytest.mark.sample(5)
def test_on_a_terminal(
    wish: dict[str, str],
    is_coloured: bool,
    words: tuple[str, ...],
    stream: str,
    painted: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in wish.items():
        monkeypatch.setenv(name, value)
    _, shown = on_a_terminal(*words, stream=stream)
    plain = painted.rpartition("m")[2]
    assert plain in shown
    assert (painted in shown) == is_coloured
    assert ("\x1b" in shown) == is_coloured


@pytest.mark.parametrize("wish", [{}, {"FORCE_COLOR": "1"}], ids=str)
def test_elsewhere(wish: dict[str, str], tmp_path: Path) -> None:
    with start("tag", "nothing.wav", env={**os.environ, **wish}) as process:
        _, err = process.communicate()
    mark = f"{RED}error:\x1b[0m" if wish else "error:"
    assert err == f"panns: {mark} 'nothing.wav': no such file\n"
