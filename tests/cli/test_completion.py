"""Completion in shells that run: what is typed, with a tab, and what the program then gets."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from panns_inference.cli import candidates, main
from panns_inference.cli.commands import COMMANDS

PROGRAM = f"""#!{sys.executable}
import json, sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
if sys.argv[1:2] != ["completion"]:
    print("GIVEN", json.dumps(sys.argv[1:]), "END")
    sys.exit()
from panns_inference.cli import program
program()
"""
"""The program, which says what it is given instead of doing it."""

SHELLS = {
    "bash": (
        ["--norc", "--noprofile"],
        "bind 'set enable-bracketed-paste off'; source <(panns completion bash); PS1=READY'> '",
    ),
    "zsh": (
        ["-f"],
        "autoload -U compinit; compinit -u -d zcompdump; source <(panns completion zsh); "
        "PS1=READY'> '",
    ),
    "fish": (
        ["--no-config"],
        "panns completion fish | source; function fish_prompt; echo READY'> '; end",
    ),
}
"""How each is started, and prepared."""


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[pexpect.spawn]:
    """A shell in a folder with a recording, that completes the program."""
    name = request.param
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "panns"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    (tmp_path / "street.flac").touch()
    arguments, preparation = SHELLS[name]
    environment = {**os.environ, "TERM": "dumb" if name != "fish" else "xterm"}
    environment |= {"PATH": f"{folder}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    with pexpect.spawn(
        name, arguments, cwd=tmp_path, env=environment, encoding="utf-8", dimensions=(40, 200)
    ) as process:
        process.setecho(False)
        process.delaybeforesend = 0.3
        process.sendline(preparation)
        process.expect("READY> ", timeout=60)
        yield process
        process.sendintr()


@pytest.mark.sample(6)
@pytest.mark.parametrize(
    ("typed", "given"),
    [
        (["det\t"], ["detect"]),
        (["tag --mod\t", "LeeNet1\t"], ["tag", "--model", "LeeNet11"]),
        (["tag --model=Cnn14_8\t"], ["tag", "--model=Cnn14_8k"]),
        (["models dow\t", "LeeNet1\t"], ["models", "download", "LeeNet11"]),
        (["tag -f par\t", "stre\t"], ["tag", "-f", "parquet", "street.flac"]),
        (
            ["detect --classes Domestic\\ an\t"],
            ["detect", "--classes", "Domestic animals, pets"],
        ),
        (
            ["detect --exclude Dog,Dom\t"],
            ["detect", "--exclude", "Dog,Domestic animals, pets"],
        ),
        (['detect --classes "Domestic an\t'], ["detect", "--classes", "Domestic animals, pets"]),
    ],
    ids=lambda value: "".join(value).strip() if isinstance(value, list) else str(value),
)
def test_what_is_completed_is_given(
    typed: list[str], given: list[str], shell: pexpect.spawn
) -> None:
    shell.send("panns ")
    for each in typed:
        shell.send(each)
    shell.send("\r")
    shell.expect(r"GIVEN (\[.*\]) END", timeout=30)
    assert json.loads(shell.match[1]) == given


def completed(*words: str) -> list[str]:
    return [rest[0] for kind, *rest in candidates.of(words) if kind == candidates.WORDS]


def test_what_may_follow() -> None:
    assert completed("") == [*COMMANDS]
    assert completed("t") == ["tag", "transfer", "tune", "train"]
    assert set(completed("tag", "--thr")) == {"--threads", "--threshold", "--thresholds"}
    assert completed("detect", "--method", "") == ["threshold", "boxes"]
    assert completed("tag", "x.wav", "--channel", "e") == ["each"]
    assert completed("models", "ver") == ["verify"]
    assert completed("models", "verify", "Cnn14", "PannsM") == ["PannsMini"]
    assert completed("help", "det") == ["detect"]
    assert completed("labels", "") == []
    assert "--no-split" not in completed("tag", "--")


@pytest.mark.parametrize(
    "words",
    [
        ("tag", ""),
        ("tag", "-o", ""),
        ("tag", "--model", "x"),
        ("search", ""),
        ("search", "--not", ""),
        ("transfer", "s"),
        ("pack", "s"),
        ("train", "r"),
    ],
)
def test_files_may_follow(words: tuple[str, ...]) -> None:
    assert [*candidates.of(words)][-1] == (candidates.FILES,)


def test_the_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    for shell in SHELLS:
        assert main(["completion", shell]) == 0
        assert f"panns completion {shell} " in capsys.readouterr().out


def test_a_line_of_a_single_word_is_completed_by_the_commands(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["completion", "bash", "panns"]) == 0
    found = [line.split("\t")[1] for line in capsys.readouterr().out.splitlines()]
    assert found == [*COMMANDS]
