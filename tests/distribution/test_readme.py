"""The README and the pages of `docs/`: their code runs, their tables are what the program says."""

from __future__ import annotations

import doctest
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from vouched import vouch_for

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"

Blocks = list[str]


def blocks(language: str, page: Path = README) -> Blocks:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def here(leenet11: Path, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the examples, and three networks in the cache; no server is in reach.

    The published weights are not at hand: those have weights by formula.
    """
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    cache = tmp_path / "cache"
    cache.mkdir()
    for file in (leenet11, *published.glob("*.pth")):
        vouch_for(Path(shutil.copy(file, cache)))
    monkeypatch.setenv("PANNS_OFFLINE", "1")
    monkeypatch.setenv("PANNS_HOME", str(cache))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_first_forty_lines() -> None:
    head = "\n".join(README.read_text().splitlines()[:40])
    assert "pip install . && panns tag" in head
    assert "pip install '.[test]' && pytest" in head
    (session,) = blocks("python")[:1]
    assert session in head
    assert session.count(">>>") <= 8


def test_the_installing_commands_are_those_of_ci() -> None:
    ci = (ROOT / ".ci" / "run").read_text()
    lines = [line for block in blocks("bash") for line in block.splitlines()]
    assert "pip install '.[test]' && pytest" in lines
    assert "pip install '.[test]' && pytest" in ci


@pytest.mark.slow
def test_the_commands_run(here: Path) -> None:
    programs = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    lines = [line for block in blocks("bash") for line in block.splitlines()]
    commands = [line[line.index("panns ") :] for line in lines if "panns " in line]
    assert len(commands) >= 7
    for command in commands:
        done = subprocess.run(
            command, shell=True, env=environment, capture_output=True, text=True, check=False
        )
        # The doctor sees that the detection network in the cache is not the published file.
        expected = 1 if command == "panns doctor" else 0
        assert done.returncode == expected, f"{command}\n{done.stderr}"
        assert bool(done.stdout) != (" -o " in command), command
    assert (here / "events.csv").read_text().count("street.flac") > 3
    assert (here / "tags" / "street.json").is_file()


def test_the_session_prints_what_it_says(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (session,) = (block for block in blocks("python") if ">>>" in block)
    test = doctest.DocTestParser().get_doctest(session, {}, "README.md", str(README), 0)
    result = doctest.DocTestRunner().run(test)
    assert result.attempted >= 5
    assert result.failed == 0, capsys.readouterr().out


def test_the_other_code_runs(here: Path) -> None:
    pages = (README, *(ROOT / "docs").glob("*.md"))
    code = [block for page in pages for block in blocks("python", page) if ">>>" not in block]
    assert len(code) >= 4
    os.link(here / "examples" / "street.flac", here / "street.flac")
    for block in code:
        exec(block, {"waveforms": np.zeros((1, 32000), np.float32)})


@pytest.mark.parametrize("name", ["make_commands", "make_networks"])
def test_what_a_script_makes_is_what_it_makes_now(name: str) -> None:
    path = ROOT / "docs" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.TARGET.read_text() == module.text(), f"run docs/{name}.py"


def test_links_lead_somewhere() -> None:
    for page in (README, *(ROOT / "docs").glob("*.md")):
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert link.startswith("https://") or (page.parent / link).exists(), (page.name, link)
