"""Hints come once a day, for each user, and again on the next day."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from panns_inference.cli import main
from panns_inference.cli.once_a_day import is_due

BETTER = "mn10_as is better at tagging"


def test_a_day_passes(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_due("x")
    assert not is_due("x")
    assert is_due("y")
    (file,) = own_home.rglob("x")
    assert file == own_home / ".local" / "state" / "panns_inference" / "x"
    for age, due in ((23, False), (25, True), (-25, True)):
        before = time.time() - age * 3600
        os.utime(file, (before, before))
        assert is_due("x") == due
    monkeypatch.setenv("XDG_STATE_HOME", str(own_home / "state"))
    assert is_due("x")
    assert (own_home / "state" / "panns_inference" / "x").exists()


def test_where_nothing_can_be_written_it_comes_each_time(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_home / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(own_home / "file"))
    assert is_due("x")
    assert is_due("x")


def test_the_hint_for_a_better_network(street: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for hint in (True, False):
        assert main(["tag", "--top", "1", str(street)]) == 0
        said = capsys.readouterr().err
        assert said.startswith("panns: using PannsMini")
        assert (BETTER in said) == hint
