"""Downloaded weights are deleted, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import pexpect
import pytest
from program import PROGRAM

from panns_inference.cli import main
from panns_inference.settings import cache_folder

Capture = pytest.CaptureFixture[str]

FILE = "LeeNet11_mAP=0.266.pth"


@pytest.fixture
def files(own_home: Path) -> list[Path]:
    """What belongs to the weights of LeeNet11, in a cache that holds more."""
    folder = cache_folder()
    folder.mkdir(parents=True)
    names = (FILE, f"{FILE}.partial", f"{FILE}.wrong", f"{FILE}.wrong-2")
    for name in (*names, f"{FILE}.mine", "LeeNet24_mAP=0.336.pth", f"my_{FILE}"):
        (folder / name).write_bytes(b"x" * 1_000_000)
    return [folder / name for name in names]


def left() -> set[str]:
    return {path.name for path in cache_folder().iterdir()}


OTHERS = {f"{FILE}.mine", "LeeNet24_mAP=0.336.pth", f"my_{FILE}"}


def test_what_is_deleted(files: list[Path], capsys: Capture) -> None:
    assert main(["models", "delete", "leenet-11", "--yes"]) == 0
    assert capsys.readouterr().out == "4.0 MB freed\n"
    assert left() == OTHERS
    assert main(["models", "delete", "LeeNet11", "-y"]) == 1
    assert "nothing of LeeNet11 is downloaded" in capsys.readouterr().err


def test_a_question_needs_a_terminal(
    files: list[Path], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open("/dev/null") as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        assert main(["models", "delete", "LeeNet11"]) == 2
    assert "--yes deletes without a question" in capsys.readouterr().err
    assert all(path.exists() for path in files)


@pytest.mark.parametrize(("answer", "status"), [("y", 0), ("", 1), ("n", 1), ("Yes", 0)])
def test_the_question(answer: str, status: int, files: list[Path]) -> None:
    child = pexpect.spawn(
        PROGRAM[0], [*PROGRAM[1:], "models", "delete", "LeeNet11"], encoding="utf-8", timeout=60
    )
    child.expect_exact("delete 4.0 MB? [y/N] ")
    assert all(str(path) in child.before for path in files)
    child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == status
    assert ("4.0 MB freed" in child.before) == (status == 0)
    assert [path.exists() for path in files] == [status == 1] * 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("delete PannsMini --yes", "PannsMini is a file of the package"),
        ("delete", "name what to delete; downloaded: LeeNet11, LeeNet24"),
        ("delete LeeNet12", "unknown network 'LeeNet12'"),
        ("list --yes", "--yes is for panns models delete"),
    ],
)
def test_what_is_not_deleted(words: str, message: str, files: list[Path], capsys: Capture) -> None:
    assert main(["models", *words.split()]) == 2
    assert message in capsys.readouterr().err
    assert len(left()) == 7


def test_a_file_that_is_being_downloaded(files: list[Path], capsys: Capture) -> None:
    from panns_inference.lock import locked

    with locked(files[0].with_name(f"{FILE}.lock")):
        assert main(["models", "delete", "LeeNet11", "--yes"]) == 1
    assert "is being downloaded: wait for it" in capsys.readouterr().err
    assert files[0].exists()
