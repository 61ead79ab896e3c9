"""The manual page, as man and mandoc read it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from panns_inference.cli import main
from panns_inference.cli.commands import COMMANDS, CommandParser
from panns_inference.cli.parser import shown


@pytest.fixture
def page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["help", "--man"]) == 0
    path = tmp_path / "panns.1"
    path.write_text(capsys.readouterr().out)
    return path


def output_of(*command: object) -> str:
    """What a program writes that has nothing to complain of."""
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"{command[0]} is not installed")
    environment = {**os.environ, "MANWIDTH": "300", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, check=False, env=environment
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_page_is_without_fault(page: Path) -> None:
    assert output_of("mandoc", "-Tlint", "-W", "style", page) == ""
    assert output_of("man", "-l", "--warnings", page) != ""


def test_all_options_are_on_the_page(page: Path) -> None:
    text = output_of("man", "-l", page)
    for name in COMMANDS:
        parser = CommandParser(name)
        assert parser.usage in text
        _, _, own = text.partition(f"PANNS {name.upper()}\n")
        for action in shown(parser._actions):
            for option in action.option_strings if action.dest != "help" else ():
                assert option in own
    assert "PANNS_HOME" in text
